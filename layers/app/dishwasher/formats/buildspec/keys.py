"""Every key of a buildspec, declared once; one that nobody knows is a warning, as in CodeBuild."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dishwasher.core.outputs import ReportFormat
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields, Json, Key, Record
from dishwasher.formats.tree import Entry, Scalar, Sequence
from dishwasher.formats.values import (
    Anything,
    Choice,
    Choices,
    Count,
    Flag,
    MapOf,
    Text,
    Texts,
    Variables,
)

REPORT_FORMATS = {
    "JUNITXML": ReportFormat.JUNIT,
    "CUCUMBERJSON": ReportFormat.CUCUMBER,
    "NUNITXML": ReportFormat.NUNIT,
    "NUNIT3XML": ReportFormat.NUNIT3,
    "TESTNGXML": ReportFormat.TESTNG,
    "VISUALSTUDIOTRX": ReportFormat.TRX,
    "CLOVERXML": ReportFormat.CLOVER,
    "COBERTURAXML": ReportFormat.COBERTURA,
    "JACOCOXML": ReportFormat.JACOCO,
    "SIMPLECOV": ReportFormat.SIMPLECOV,
}


@dataclass(frozen=True, slots=True)
class Commands:
    """One command or a list; none at all is what people leave who comment them out."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...]:
        value = entry.value
        is_null = isinstance(value, Scalar) and value.is_null
        if is_null or (isinstance(value, Sequence) and not value.items):
            reader.warn(entry.key, "empty", f"`{entry.key.text}` is empty: it runs nothing")
            return ()
        return reader.texts(entry)

    def schema(self) -> Json:
        return Texts().schema()


@dataclass(frozen=True, slots=True)
class Names:
    """Names to a text each, in file order: what the stores call a variable's value."""

    what: str
    example: str

    def read(self, entry: Entry, reader: Reader) -> tuple[tuple[Entry, Scalar], ...]:
        return MapOf(Text(), self.what, self.example).read(entry, reader) or ()

    def schema(self) -> Json:
        return MapOf(Text(), self.what, self.example).schema()


@dataclass(frozen=True, slots=True)
class Records:
    """A list of mappings of one kind; a single one may stand without its dash."""

    record: Record

    def read(self, entry: Entry, reader: Reader) -> tuple[Fields, ...]:
        value = entry.value
        items = value.items if isinstance(value, Sequence) else (value,)
        read = (self.record.read(_item(entry, item), reader) for item in items)
        return tuple(fields for fields in read if fields is not None)

    def schema(self) -> Json:
        return {"type": "array", "items": self.record.schema()}


def _item(entry: Entry, item: Any) -> Entry:
    """The item under its list's name, at its own place."""
    return Entry(Scalar(entry.key.text, item.line, item.column), item)


@dataclass(frozen=True, slots=True)
class Table:
    """Names of the user's own to mappings of one kind."""

    record: Record
    what: str
    example: str

    def read(self, entry: Entry, reader: Reader) -> tuple[tuple[Entry, Fields], ...]:
        return MapOf(self.record, self.what, self.example).read(entry, reader) or ()

    def schema(self) -> Json:
        return MapOf(self.record, self.what, self.example).schema()


FILES = Key("files", Texts(), "Globs of the files.", ["**/*"], required=True)
BASE = Key("base-directory", Text(), "Directory that the globs start in.", "dist")
FLAT = Key("discard-paths", Flag(), "Only file names are kept.", True)
NAME = Key("name", Text(), "Name of the artifact; the shell evaluates it.", "app-$(date +%F)")
EXCLUDE = Key("exclude-paths", Texts(), "Globs of what is not kept.", ["**/*.map"])
SYMLINKS = Key("enable-symlinks", Flag(), "Symbolic links are kept as such.", True)
PREFIX = Key("s3-prefix", Anything(), "Where in the bucket it would stand.", "builds")
SECONDARY = Key(
    "secondary-artifacts",
    Table(
        Record(
            "of a secondary artifact", (FILES, NAME, BASE, FLAT, EXCLUDE, SYMLINKS, PREFIX), True
        ),
        "names to artifacts",
        "`docs: {files: ['**/*']}` below it",
    ),
    "Further artifacts by their names.",
    {"docs": {"files": ["**/*"]}},
)
ARTIFACTS = Record(
    "of `artifacts`", (FILES, NAME, BASE, FLAT, EXCLUDE, SYMLINKS, PREFIX, SECONDARY), True
)

REPORT_FORMAT = Key(
    "file-format",
    Choice(tuple(REPORT_FORMATS), "a format of reports", any_case=True),
    "What the files hold.",
    "JUNITXML",
)
REPORT = Record("of a report group", (FILES, BASE, FLAT, REPORT_FORMAT), True)
REPORTS = Table(REPORT, "report groups to their files", "`tests: {files: [report.xml]}` below it")

PATHS = Key("paths", Texts(), "Directories that are kept.", ["node_modules/**/*"], required=True)
CACHE_KEY = Key("key", Text(), "Name of the state.", "npm-$(codebuild-hash-files package.json)")
FALLBACKS = Key("fallback-keys", Texts(), "Beginnings of other names that will do.", ["npm-"])
ACTION = Key("action", Choices(Choice(("restore", "save"), "an action")), "Only this.", "restore")
CACHE = Record("of `cache`", (PATHS, CACHE_KEY, FALLBACKS, ACTION), True)

RUN_AS = Key("run-as", Text(), "The Linux user that runs the commands.", "builder")
ON_FAILURE = Key("on-failure", Text(), "What follows when the phase fails.", "ABORT")
RUNTIMES = Key(
    "runtime-versions",
    Names("languages to versions", "`python: 3.12` below it"),
    "Language versions.",
    {"python": "3.12"},
)
COMMANDS = Key("commands", Commands(), "What runs, in this order.", ["make test"])
FINALLY = Key("finally", Commands(), "What runs after them in any case.", ["make clean"])
STEPS = Key("steps", Anything(), "GitHub Actions, which CodeBuild can run.", [])
PHASE = Record("of a phase", (RUN_AS, ON_FAILURE, RUNTIMES, COMMANDS, FINALLY, STEPS), True)
PHASE_KEYS = tuple(
    Key(name, PHASE, f"The phase {name}.", {"commands": ["make"]})
    for name in ("install", "pre_build", "build", "post_build")
)
# CodeBuild refuses a phase that it does not know: nothing would say that it never ran.
PHASES = Record("of `phases`", PHASE_KEYS)

SHELL = Key("shell", Text(), "`bash` or `/bin/sh`.", "bash")
VARIABLES = Key("variables", Variables(), "Plain variables, literal.", {"STAGE": "test"})
PARAMETERS = Key(
    "parameter-store",
    Names("variables to parameters", "`NAME: /path/of/parameter` below it"),
    "Variables from the Parameter Store.",
    {"TOKEN": "/ci/token"},
)
SECRETS = Key(
    "secrets-manager",
    Names("variables to secrets", "`NAME: secret-id:json-key` below it"),
    "Variables from Secrets Manager.",
    {"TOKEN": "ci/tokens:npm"},
)
EXPORTED = Key("exported-variables", Texts(), "Variables that are part of the result.", ["TAG"])
CREDENTIALS = Key("git-credential-helper", Flag(), "CodeBuild's own credentials of git.", True)
ENV = Record("of `env`", (SHELL, VARIABLES, PARAMETERS, SECRETS, EXPORTED, CREDENTIALS), True)
# What 0.2 calls env and variables: the page's history names the change.
PLAINTEXT = Key("plaintext", Variables(), "Plain variables.", {"STAGE": "test"})
OLD_ENV = Record("of `environment_variables`", (PLAINTEXT, PARAMETERS), True)

PROXY = Record(
    "of `proxy`",
    (
        Key("upload-artifacts", Flag(), "Artifacts go through the proxy.", True),
        Key("logs", Flag(), "Logs go through the proxy.", True),
    ),
    True,
)
VERSION = Key("version", Text(), "0.1 or 0.2.", "0.2")

COMPUTE = Key("compute-type", Text(), "Size of the machine.", "BUILD_GENERAL1_SMALL")
IMAGE = Key("image", Text(), "The container image.", "aws/codebuild/standard:7.0")
PRIVILEGED = Key("privileged-mode", Flag(), "A Docker daemon can run.", True)
TYPE = Key("type", Text(), "Kind of machine.", "LINUX_CONTAINER")
FLEET = Key("fleet", Text(), "Reserved capacity.", "fleet")
ENTRY_ENV = Record("of a build's `env`", (COMPUTE, IMAGE, PRIVILEGED, TYPE, FLEET, VARIABLES), True)
IDENTIFIER = Key("identifier", Text(), "Name of the build.", "lint")
BUILDSPEC = Key("buildspec", Text(), "Another buildspec: its path, or its text.", "ci/lint.yml")
IGNORE = Key("ignore-failure", Flag(), "A failure of it fails nothing else.", True)
DEBUG = Key("debug-session", Flag(), "CodeBuild's sessions.", False)
ENTRY_ENV_KEY = Key("env", ENTRY_ENV, "What differs for this build.", {"variables": {"A": "1"}})
DEPEND_ON = Key("depend-on", Texts(), "Builds that must have passed.", ["lint"])
LIST_ENTRY = Record(
    "of a build of `build-list`", (IDENTIFIER, BUILDSPEC, ENTRY_ENV_KEY, IGNORE, DEBUG), True
)
GRAPH_ENTRY = Record(
    "of a build of `build-graph`",
    (replace(IDENTIFIER, required=True), BUILDSPEC, ENTRY_ENV_KEY, IGNORE, DEBUG, DEPEND_ON),
    True,
)
STATIC = Record("of `static`", (ENTRY_ENV_KEY, IGNORE, BUILDSPEC, DEBUG), True)


@dataclass(frozen=True, slots=True)
class Axes:
    """Variables to the values of which each makes builds of its own."""

    def read(self, entry: Entry, reader: Reader) -> tuple[tuple[Entry, tuple[Scalar, ...]], ...]:
        what, example = "variables to lists of values", "`NAME: [one, two]` below it"
        return MapOf(Texts(), what, example, *_VARIABLE_NAME).read(entry, reader) or ()

    def schema(self) -> Json:
        return {"type": "object", "additionalProperties": Texts().schema()}


_VARIABLE_NAME = (r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable")
IMAGES = Key("image", Texts(), "Images.", ["aws/codebuild/standard:7.0"])
COMPUTES = Key("compute-type", Texts(), "Sizes.", ["BUILD_GENERAL1_SMALL"])
AXES = Key("variables", Axes(), "Variables with their values.", {"PYTHON": ["3.11", "3.12"]})
DYNAMIC_ENV = Key(
    "env",
    Record("of the matrix's `env`", (IMAGES, COMPUTES, AXES, PRIVILEGED, TYPE), True),
    "The axes.",
    {"variables": {"PYTHON": ["3.11", "3.12"]}},
)
BUILDSPECS = Key("buildspec", Texts(), "Buildspec files.", ["a.yml", "b.yml"])
DYNAMIC = Record("of `dynamic`", (DYNAMIC_ENV, BUILDSPECS, IGNORE), True)
STATIC_KEY = Key("static", STATIC, "What all builds have.", {"ignore-failure": False})
DYNAMIC_KEY = Key("dynamic", DYNAMIC, "What differs.", {"buildspec": ["a.yml", "b.yml"]})
PARALLELISM = Key("parallelism", Count(1, 100), "Builds side by side.", 4, required=True)

FAST_FAIL = Key("fast-fail", Flag(), "One failure ends the rest.", False)
BUILD_LIST = Key("build-list", Records(LIST_ENTRY), "Builds side by side.", [])
BUILD_GRAPH = Key("build-graph", Records(GRAPH_ENTRY), "Builds in an order.", [])
BUILD_MATRIX = Key(
    "build-matrix",
    Record("of `build-matrix`", (STATIC_KEY, DYNAMIC_KEY), True),
    "Builds for every combination.",
    {"dynamic": {}},
)
BUILD_FANOUT = Key(
    "build-fanout",
    Record("of `build-fanout`", (PARALLELISM, IGNORE), True),
    "Tests shared out.",
    {"parallelism": 4},
)
KINDS = (BUILD_LIST, BUILD_GRAPH, BUILD_MATRIX, BUILD_FANOUT)
BATCH = Key(
    "batch", Record("of `batch`", (FAST_FAIL, *KINDS), True), "Several builds.", {"build-list": []}
)

PHASES_KEY = Key("phases", PHASES, "What runs.", {"build": {"commands": ["make"]}})
ENV_KEY = Key("env", ENV, "Variables.", {"variables": {"STAGE": "test"}})
OLD_ENV_KEY = Key("environment_variables", OLD_ENV, "Variables of 0.1.", {"plaintext": {"A": "1"}})
ARTIFACTS_KEY = Key("artifacts", ARTIFACTS, "Files to keep.", {"files": ["**/*"]})
REPORTS_KEY = Key("reports", REPORTS, "Results of tests.", {"tests": {"files": ["report.xml"]}})
CACHE_SECTION = Key("cache", CACHE, "Kept for the next build.", {"paths": ["node_modules/**/*"]})
PROXY_KEY = Key("proxy", PROXY, "A proxy of CodeBuild's own.", {"logs": True})
ONE = (VERSION, RUN_AS, ENV_KEY, PROXY_KEY, PHASES_KEY, ARTIFACTS_KEY, REPORTS_KEY, CACHE_SECTION)
FILE = Record("at the top", (*ONE, BATCH), True)
OLD_FILE = Record("at the top of version 0.1", (*ONE, OLD_ENV_KEY, BATCH), True)
