"""Every key of `.dishwasher.yml`, declared once: what is read, documented and printed as schema."""

from __future__ import annotations

from dishwasher.core.config import MATCHERS, Uses
from dishwasher.formats.native import hints, parts
from dishwasher.formats.native.matrix import Axes
from dishwasher.formats.native.network import Reachable
from dishwasher.formats.native.values import (
    Branch,
    Commands,
    File,
    Inside,
    Job,
    Matchers,
    Names,
    Options,
    Url,
)
from dishwasher.formats.native.version import Version
from dishwasher.formats.schema import Fields, Key, Record
from dishwasher.formats.tree import Entry, Scalar
from dishwasher.formats.values import (
    NAME,
    Choice,
    Choices,
    Duration,
    Either,
    Flag,
    MapOf,
    Text,
    Texts,
    Variables,
)

Jobs = tuple[tuple[Entry, "tuple[Scalar, ...] | Fields"], ...]
"""Commands alone, or keys."""

SERVICES = ("postgres", "postgresql", "mysql", "mariadb", "redis", "memcached")
"""Words for services, of those in `core.service.NAMES`."""
ZONE = r"[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}"
JOB_LIMIT = 24 * 3600.0
"""Seconds; what a server allows may be less."""

_USES = tuple(str(uses) for uses in Uses if uses is not Uses.RUN)

# Of checks and deployments.
RUN = Key(
    "run",
    Commands(),
    "Text is one `bash -eo pipefail` script. Each item of a list is a step in a shell of its "
    "own, in the root of the checkout; the first that fails stops the job.",
    ["pip check", "python manage.py test"],
)
FINALLY = Key(
    "finally",
    Commands(),
    "Steps that run after those of `run`, whether or not they failed; the job succeeds if both do.",
    "docker compose down",
)
NEEDS = Key(
    "needs",
    Texts(),
    "Jobs that must end first, with success or neutral; if one does not, this one is cancelled. "
    "The name of a matrix stands for all its jobs.",
    ["lint"],
)
WHEN = Key(
    "when",
    parts.WHEN_RECORD,
    "When it runs; all that is given must hold.",
    {"branch": "main", "event": ["push", "schedule"]},
)
ENVIRONMENT = Key(
    "environment",
    Variables(),
    "Variables, as they are typed; `$NAME` is replaced by a variable set before it, except in "
    "single quotes. They come after those of `machine`.",
    {"DEBUG": "True"},
)
SECRETS = Key(
    "secrets",
    Names(),
    "Secrets, set with `dishwasher secrets`, that it sees as variables of the same name.",
    ["SLACK_TOKEN"],
)
TIMEOUT = Key(
    "timeout",
    Duration(JOB_LIMIT),
    "How long it may run: `90s`, `10m`, `1h30m`. Without it the server's limit holds.",
    "10m",
)
SILENCE = Key(
    "silence",
    Duration(JOB_LIMIT),
    "How long a step may print nothing before it is ended.",
    "5m",
)
ALLOW_FAILURE = Key(
    "allow_failure",
    Flag(),
    "A failure is shown as neutral and stops nothing that needs it.",
    True,
)
NETWORK = Key(
    "network",
    Reachable(),
    "What its steps reach besides its services: `false` for nothing, or the hosts that may be "
    "reached by HTTP and HTTPS, each with a port where it is not 80 or 443; `*.` before a name "
    "stands for all below it. Without it the network is on. With less than that a job runs jailed "
    "or not at all.",
    ["pypi.org", "*.pythonhosted.org", "git.example.org:8443"],
)
FILE_NETWORK = Key(
    NETWORK.name,
    NETWORK.type,
    "What the steps of every job reach that says nothing else: `true`, `false`, or hosts.",
    ["pypi.org", "*.pythonhosted.org"],
)
ARTIFACTS = Key(
    "artifacts",
    Inside("reports/*.xml", excludes=True),
    "Files of the checkout to keep, whether or not it fails: paths or globs, with `!` before them "
    "what not to keep. What is written to the folder `$DISHWASHER_ARTIFACTS` is always kept.",
    ["htmlcov/**", "!htmlcov/.gitignore"],
)
SETUP = Key(
    "setup",
    Flag(),
    "`false`: without `dependencies`, the cache of the file and `services`.",
    False,
)

USES = Key(
    "uses",
    Choice(_USES, "a check of Dishwasher"),
    "A check that Dishwasher brings along, in place of `run`.",
    "spelling",
)
WITH = Key(
    "with",
    parts.SPELLING_RECORD,
    "How the check that `uses` names is set.",
    {"brands": {"GitHub": ["Git-Hub"]}, "words": ["wellfire"]},
)
FAIL = Key("fail", Flag(), "With `uses`: misspelt words fail the check too, not only brands.", True)
ANNOTATE = Key(
    "annotate",
    Matchers(Choice(MATCHERS, "a tool whose output can be read"), ".github/matchers/tool.json"),
    "Whose lines in the output become annotations: a tool, or a file of the repository with "
    "problem matchers as GitHub has them, whose name ends with `.json`.",
    "flake8",
)
REPORTS = Key(
    "reports",
    parts.REPORTS_RECORD,
    "Machine-readable results to read, whether or not it fails.",
    {"junit": "reports/*.xml"},
)
JOB_CACHE: Key[tuple[str, ...] | Fields] = Key(
    "cache",
    parts.CACHE,
    "Folders kept between builds for this check: paths, or keys with more of it.",
    [".mypy_cache"],
)
MATRIX = Key(
    "matrix",
    Axes(),
    "One job for each combination of these values, named such as `tests (3.12, 5.2)`. The axes "
    "`python` and `node` set that version, every other one is a variable. `exclude` takes "
    "combinations away, `include` adds some.",
    {"python": ["3.12", "3.13"], "DJANGO": ["4.2", "5.2"]},
)
GROUP = Key(
    "group",
    Text(),
    "Checks with the same group run on one runner, one after the other in the order of the file.",
    "quick",
)
CHECK_RECORD = Record(
    "of a check",
    (
        *(RUN, USES, WITH, FAIL, NEEDS, WHEN, MATRIX, GROUP, SETUP, ENVIRONMENT, SECRETS),
        *(TIMEOUT, SILENCE, NETWORK, ALLOW_FAILURE, ANNOTATE, REPORTS, ARTIFACTS, JOB_CACHE),
        FINALLY,
    ),
    hints=(*hints.JOB, *((name, f"Write `when: {{{name}: …}}`.") for name in hints.FILTERS)),
)

URL = Key(
    "url",
    Url(),
    "Where what was deployed can be looked at; may hold variables of the file, inputs, and "
    "`$DISHWASHER_BRANCH`, `_TAG`, `_SHA` and `_PULL_REQUEST`.",
    "https://staging.example.com",
)
SMOKE = Key(
    "smoke",
    File("scripts/postdeploy.yaml"),
    "File with smoke tests of the live site, run after the deployment.",
    "scripts/postdeploy.yaml",
)
SCREENSHOTS = Key(
    "screenshots",
    File("scripts/screenshots.yaml"),
    "File with pages and sizes of the live site to take pictures of.",
    "scripts/screenshots.yaml",
)
DEPLOY = Key(RUN.name, RUN.type, RUN.description, "./deploy.sh staging", required=True)
DEPLOYMENT_RECORD = Record(
    "of a deployment",
    (
        *(
            parts.BRANCH,
            parts.TAG,
            WHEN,
            DEPLOY,
            NEEDS,
            URL,
            ENVIRONMENT,
            SECRETS,
            TIMEOUT,
            SILENCE,
            NETWORK,
            SETUP,
        ),
        *(SMOKE, SCREENSHOTS, ARTIFACTS, ALLOW_FAILURE, FINALLY),
    ),
    hints=(*hints.JOB, *((name, f"Write `when: {{{name}: …}}`.") for name in hints.FILTERS[2:])),
)

PYTHON = Key("python", Version(), "The version of Python, in a virtual environment.", "3.12")
NODE = Key("node", Version(), "The version of Node.", "22")
TIMEZONE = Key(
    "timezone",
    Text(ZONE, "a time zone such as `Europe/Zurich`"),
    "The variable `TZ`; UTC without it.",
    "America/New_York",
)
SERVICES_KEY = Key(
    "services",
    Choices(Choice(SERVICES, "a service that can be started")),
    "Servers to start on this machine, each on its usual port. The database that a variable "
    "such as `DATABASE_URL` names is created.",
    ["postgres", "redis"],
)
DOCKER = Key(
    "docker",
    Flag(),
    "`true`: jobs run where a Docker daemon is. On AWS that is a machine of CodeBuild's; on a "
    "server of your own it says nothing.",
    True,
)
MEMORY = Key(
    "memory",
    Text(r"[1-9][0-9]{0,2} ?GB", "an amount of memory such as `8 GB`"),
    "How much jobs need: on AWS they begin on a runner that has it. On a server of your own its "
    "`DISHWASHER_JOB_MEMORY_GB` holds.",
    "8 GB",
)
MACHINE_ENVIRONMENT = Key(
    "environment",
    Variables(),
    "Variables of every job, as they are typed; `$NAME` is replaced by a variable set before it, "
    "except in single quotes.",
    {"DEBUG": "True", "DATABASE_URL": "postgres://localhost/app_test"},
)
MACHINE_RECORD = Record(
    "of `machine`", (PYTHON, NODE, TIMEZONE, SERVICES_KEY, DOCKER, MEMORY, MACHINE_ENVIRONMENT)
)

CRON = Key("cron", Text(), "Five fields of cron, in UTC.", "30 4 * * 1-5", required=True)
SCHEDULE_BRANCH = Key("branch", Branch(), "The branch to build; without it the default.", "main")
JOBS = Key("jobs", Texts(), "Jobs to run; without it every check.", ["tests"])
SCHEDULE_RECORD = Record("of a schedule", (CRON, SCHEDULE_BRANCH, JOBS))

DESCRIPTION = Key("description", Text(), "What it is for.", "Which site to check")
DEFAULT = Key("default", Text(), "Its value when nobody gives one.", "staging")
REQUIRED = Key("required", Flag(), "Nothing is started without it.", True)
OPTIONS = Key("options", Options(), "The values to choose from.", ["staging", "production"])
INPUT_RECORD = Record("of an input", (DESCRIPTION, DEFAULT, REQUIRED, OPTIONS))

MACHINE = Key(
    "machine",
    MACHINE_RECORD,
    "The environment that jobs with `run` find.",
    {"python": "3.12", "services": ["postgres"]},
)
DEPENDENCIES = Key(
    "dependencies",
    Commands(),
    "Steps before those of each job with `run`, except with `setup: false`.",
    ["pip install -r requirements.txt"],
)
CACHE: Key[tuple[str, ...] | Fields] = Key(
    "cache",
    parts.CACHE,
    "Folders kept between builds for every job that installs the dependencies.",
    ["~/.cache/pip"],
)
CHECKS: Key[Jobs] = Key(
    "checks",
    MapOf(
        Job(CHECK_RECORD, ("run", "uses"), short=True),
        "names to what they run",
        "`name: {run: command}` below it",
    ),
    "Names to checks; each is one check run on GitHub.",
    {"lint": "flake8 app", "tests": {"needs": ["lint"], "run": "python manage.py test"}},
)
DEPLOYMENTS: Key[Jobs] = Key(
    "deployments",
    MapOf(
        Job(DEPLOYMENT_RECORD, ("branch", "tag", "when")),
        "names to what they run",
        "`name: {branch: main, run: command}` below it",
    ),
    "Names of environments to how they are deployed, once every check that runs has ended well.",
    {"staging": {"branch": "main", "run": "./deploy.sh staging"}},
)
SCHEDULES: Key[tuple[tuple[Entry, Scalar | Fields], ...]] = Key(
    "schedules",
    MapOf(
        Either(Text(), SCHEDULE_RECORD), "names to times", "`nightly: {cron: 30 4 * * *}` below it"
    ),
    "Names to times at which something is built without a push.",
    {"nightly": {"cron": "30 4 * * *", "jobs": ["tests"]}},
)
INPUTS = Key(
    "inputs",
    MapOf(
        INPUT_RECORD,
        "variables to what they are",
        "`SITE: {default: staging}` below it",
        key=NAME,
        key_what="the name of a variable, such as `SITE`",
    ),
    "Variables whose values whoever starts a build by hand may give.",
    {"SITE": {"default": "staging", "options": ["staging", "production"]}},
)
FILE = Record(
    "at the top",
    (MACHINE, DEPENDENCIES, CACHE, FILE_NETWORK, CHECKS, DEPLOYMENTS, SCHEDULES, INPUTS),
    hints=hints.FILE,
)

RECORDS = (
    *(
        FILE,
        MACHINE_RECORD,
        CHECK_RECORD,
        DEPLOYMENT_RECORD,
        parts.WHEN_RECORD,
        parts.REPORTS_RECORD,
    ),
    *(parts.CACHE_RECORD, parts.SPELLING_RECORD, SCHEDULE_RECORD, INPUT_RECORD),
)
