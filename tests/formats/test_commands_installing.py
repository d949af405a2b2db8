"""Which commands only install dependencies, and what their outcome goes by."""

from __future__ import annotations

import pytest
from dishwasher.core.config import Config, Uses
from dishwasher.core.step import Installs, Phase, Shell, Step
from dishwasher.formats.choose import parse
from dishwasher.formats.commands.installing import marked, of_command, of_phase
from dishwasher.formats.repository import Repository

from tests.samples import spec

UV_FILES = ("pyproject.toml", "uv.toml")
NPM = ("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc")


def pip(*requirements: str, settings: tuple[str, ...] = (), **values: bool) -> Installs:
    return Installs(requirements, python=True, settings=settings, **values)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("pip install -r requirements.txt -r requirements/test.txt",
         pip("requirements.txt", "requirements/test.txt")),
        ("pip install -rdev.txt --constraint=c.txt", pip("dev.txt", "c.txt")),
        ("python -m pip install -U pip setuptools wheel", pip()),
        ('pip install "django~=$DJANGO" -r requirements.txt', pip("requirements.txt")),
        ("PIP_NO_CACHE_DIR=1 pip3 install -q --index-url https://x/simple flake8", pip()),
        ("pip install --require-hashes -r lock.txt", pip("lock.txt", locked=True)),
        ("pip install -e .", pip(whole=True)),
        ("pip install .[test]", pip(whole=True)),
        ("pip install ./lib dist/a.whl", pip(whole=True)),
        ("pip install $WHAT", pip(whole=True)),
        ("pip install -f wheels a", pip(whole=True)),
        ("pip install git+https://github.com/a/b.git@v1", pip()),
        ("pip install 'a @ https://example.org/a.whl'", pip()),
        ("pip install 'a @ file:///tmp/a.whl'", pip(whole=True)),
        ("set -e; cd app && pip install -r requirements.txt", pip("app/requirements.txt")),
        ("uv pip sync a.txt b.txt", pip("a.txt", "b.txt", settings=UV_FILES)),
        ("cd app && uv pip install -r a.txt",
         pip("app/a.txt", settings=(*UV_FILES, "app/pyproject.toml", "app/uv.toml"))),
        ("pip install -e app", pip(whole=True)),
        ("pip install --editable=app[test]", pip(whole=True)),
        ("pip install -e git+https://github.com/a/b.git", pip()),
        ("pip install app.tgz", pip(whole=True)),
        ("pip install a.tar.bz2[test]", pip(whole=True)),
        ("python setup.py develop", pip(whole=True)),
        ("npm ci", Installs((), NPM, locked=True, node=True)),
        ("cd web\nnpm install --no-audit --omit=dev",
         Installs((), tuple(f"web/{name}" for name in NPM), node=True)),
        ("npm install -g bower @scope/tool@^1.2 --silent", Installs(node=True)),
        ("pipenv sync --dev", Installs((), ("Pipfile", "Pipfile.lock"), locked=True, python=True)),
        ("pipenv install --dev", Installs((), ("Pipfile", "Pipfile.lock"), python=True)),
        ("poetry install --no-root --with dev",
         Installs((), ("pyproject.toml", "poetry.lock", "poetry.toml"), locked=True, python=True)),
        ("poetry install -n",
         Installs((), ("pyproject.toml", "poetry.lock", "poetry.toml"), True, True, python=True)),
        ("uv sync --frozen --no-install-project",
         Installs((), ("pyproject.toml", "uv.lock", "uv.toml", ".python-version"), locked=True,
                  python=True)),
    ],
)  # fmt: skip
def test_what_a_command_installs(command: str, found: Installs) -> None:
    assert of_command(command) == found


@pytest.mark.parametrize("tool", ["yarn", "yarn install", "pnpm i"])
def test_other_tools_of_node_lock_with_an_option(tool: str) -> None:
    plain, frozen = of_command(tool), of_command(f"{tool} --frozen-lockfile")
    assert plain is not None and not plain.locked and plain.node
    assert frozen is not None and frozen.locked
    assert "package.json" in plain.files


@pytest.mark.parametrize(
    "command",
    [
        "",
        "set -e",
        "make deps",
        "apt-get install -y gdal-bin",
        "sudo pip install a",
        "pip install a || true",
        "pip install a | tee log",
        "pip install a &",
        "pip install a & pip install b",
        "pip install $(cat names)",
        "pip install `cat names`",
        "pip install -r $FILE",
        "pip install -r ~/a.txt",
        "pip install --target lib a",
        "pip install --prefix=/opt a",
        "pip install --timeout",
        "pip download a",
        "pip",
        "cd $HERE && pip install a",
        "cd / && pip install a",
        "npm install left-pad",
        "npm install -g",
        "npm install -g ./tool",
        "npm install -g --prefix x tool",
        "npm install -g -x",
        "npm ci --prefix web",
        "npm ci --omit",
        "npm run build",
        "yarn build",
        "poetry add a",
        "uv sync --project x",
        "python setup.py sdist",
        "python manage.py migrate",
        "pip install a; python manage.py migrate",
        "if true; then pip install a; fi",
        "pip install " + "a " * 20_000,
    ],
)
def test_what_may_do_something_else_is_no_installation(command: str) -> None:
    assert of_command(command) is None


@pytest.mark.parametrize(
    ("command", "installs"),
    [
        ("pip install a && pip install b", True),
        ("set -euo pipefail\npip install a\npip install b", True),
        ("cd app && pip install a", True),
        ("pip install a; pip install b", False),
        ("cd app\npip install a", False),
        ("set -x; pip install a; pip install b", False),
        ("set +e; pip install a", False),
    ],
)
def test_a_failure_that_a_shell_would_overlook_is_not_kept(command: str, installs: bool) -> None:
    assert (of_command(command, strict=False) is not None) == installs
    is_looser = "+" in command
    assert (of_command(command) is not None) == (installs or not is_looser)


def test_a_phase_is_all_that_its_steps_are() -> None:
    found = of_phase(Phase("deps", (Step("pip install -r a.txt"), Step("npm ci"))))
    assert found == Installs(("a.txt",), NPM, python=True, node=True)


def test_what_keeps_a_phase_from_it_is_said() -> None:
    steps = (Step("pip install a"), Step("make   deps " + "x" * 60))
    found = of_phase(Phase("deps", steps))
    assert found is not None
    assert found.why == f"`make deps {'x' * 49}…` is not known to only install something"
    assert of_phase(Phase("deps", (Step("make deps"),))) is None
    for phase in (
        Phase("deps", (Step("npm ci", background=True),)),
        Phase("deps", (Step("npm ci", pwd="web"),)),
        Phase("deps", (Step("npm ci", files=("a",)),)),
        Phase("deps", (Step("npm ci"),), (Step("true"),)),
        Phase("deps", (Step("npm ci"),), run_as="other"),
    ):
        found = of_phase(phase)
        assert found is not None and found.why


def test_only_the_first_phase_of_a_job_counts() -> None:
    deps, build = Phase("deps", (Step("npm ci"),)), Phase("build", (Step("make"),))

    def marks(*phases: Phase, **values: object) -> list[bool]:
        made = marked(Config("x", (spec("tests", phases=phases, **values),)))
        return [one.installs is not None for one in made.jobs[0].phases]

    assert marks(deps, build) == [True, False]
    assert marks(Phase("none"), deps, build) == [False, True, False]
    assert marks(build, deps) == [False, False]
    assert marks(deps, build, shell=Shell.ONE) == [False, False]
    assert marks(deps, build, uses=Uses.SPELLING) == [False, False]
    assert marks() == []
    both = Phase("build", (Step("npm ci"), Step("npm test")))
    assert marks(both) == [False]
    assert marks(both, build) == [True, False]


def test_every_format_marks_its_phase() -> None:
    def installs(path: str, text: str, format: str, files: dict[str, str]) -> list[str]:
        there = Repository(frozenset(files), files.get)
        config = parse(path, text.encode(), lambda: there, format)
        return [phase.name for phase in config.jobs[0].phases if phase.installs]

    native = "dependencies: pip install -r r.txt\nchecks: {tests: make test}\n"
    assert installs(".dishwasher.yml", native, "native", {}) == ["dependencies"]
    circle = "dependencies: {override: [pip install -r r.txt]}\ntest: {override: [make]}\n"
    assert installs("circle.yml", circle, "circle", {}) == ["dependencies"]
    buildspec = "version: 0.2\nphases: {install: {commands: [npm ci]}, build: {commands: [make]}}\n"
    assert installs("buildspec.yml", buildspec, "buildspec", {}) == []
