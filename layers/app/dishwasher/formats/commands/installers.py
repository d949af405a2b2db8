"""The programs that install what the files of a project say, and options that change no more."""

from __future__ import annotations

from dataclasses import dataclass

PIP_FLAGS = frozenset(
    """
    -U --upgrade -q -qq -qqq --quiet -v -vv --verbose --no-cache-dir --no-deps --pre --no-input
    --disable-pip-version-check --no-build-isolation --use-pep517 --prefer-binary --force-reinstall
    --no-warn-script-location --require-hashes -I --ignore-installed --no-compile --compile
    --no-color --no-python-version-warning --no-index --exact --strict --no-cache
    """.split()  # noqa: SIM905
)
PIP_VALUES = frozenset(
    """
    -i --index-url --extra-index-url --timeout --retries --trusted-host --proxy --no-binary
    --only-binary --upgrade-strategy --progress-bar --exists-action --use-feature --index-strategy
    --default-timeout --root-user-action --resolution --prerelease
    """.split()  # noqa: SIM905
)
NODE_FLAGS = frozenset(
    """
    --no-audit --no-fund --prefer-offline --ignore-scripts --legacy-peer-deps --production --silent
    -s --no-progress --no-optional --force --verbose --no-save --frozen-lockfile --immutable
    --non-interactive --ignore-engines --no-bin-links --no-color --strict-peer-dependencies
    --ignore-optional --audit=false --fund=false --progress=false --quiet -q --prod --dev
    """.split()  # noqa: SIM905
)
_NODE_VALUES = frozenset({"--omit", "--include", "--only", "--loglevel", "--network-timeout"})
_PROJECT_FLAGS = frozenset(
    """
    -n --no-interaction --no-ansi --no-root --sync --all-extras --all-groups --no-cache -q --quiet
    -v -vv -vvv --verbose --no-plugins --compile --only-root --dev -d --deploy --ignore-pipfile
    --frozen --locked --no-dev --no-install-project --no-editable --no-progress --exact --inexact
    --keep-outdated --clear --skip-lock --no-default-groups
    """.split()  # noqa: SIM905
)
_PROJECT_VALUES = frozenset(
    {"--with", "--without", "--only", "-E", "--extras", "--extra", "--group", "--only-group"}
    | {"--no-group", "--categories", "--index-url", "-i", "--pypi-mirror"}
)


@dataclass(frozen=True, slots=True)
class Tool:
    """One that installs what a file of the project says, and takes nothing but options."""

    files: tuple[str, ...]
    flags: frozenset[str]
    values: frozenset[str]
    locks: frozenset[str] = frozenset()
    """Options with which it keeps to its lock file."""
    locked: bool = False
    """It always does."""
    project: bool = False
    """It installs the project too, unless told not to."""
    python: bool = False


_NPM = ("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc")
_YARN = ("package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc", ".yarn/**")
_PNPM = ("package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ".pnpmfile.cjs")
UV_FILES = ("pyproject.toml", "uv.toml")
"""Whose `[tool.uv]` and `[pip]` say where `uv pip` looks, and what it overrides."""
_NODE = (NODE_FLAGS, _NODE_VALUES)
_OF_PROJECT = (_PROJECT_FLAGS, _PROJECT_VALUES)
_POETRY = Tool(
    ("pyproject.toml", "poetry.lock", "poetry.toml"),
    *_OF_PROJECT,
    locked=True,
    project=True,
    python=True,
)
_PIPFILE = ("Pipfile", "Pipfile.lock")
_YARNED = Tool(_YARN, *_NODE, frozenset({"--frozen-lockfile", "--immutable"}))
_PNPMED = Tool(_PNPM, *_NODE, frozenset({"--frozen-lockfile"}))
_NPMED = Tool(_NPM, *_NODE)
TOOLS: dict[tuple[str, ...], Tool] = {
    ("npm", "ci"): Tool(_NPM, *_NODE, locked=True),
    ("npm", "clean-install"): Tool(_NPM, *_NODE, locked=True),
    ("npm", "install"): _NPMED,
    ("npm", "i"): _NPMED,
    ("yarn", "install"): _YARNED,
    ("yarn",): _YARNED,
    ("pnpm", "install"): _PNPMED,
    ("pnpm", "i"): _PNPMED,
    ("poetry", "install"): _POETRY,
    ("poetry", "sync"): _POETRY,
    ("pipenv", "sync"): Tool(_PIPFILE, *_OF_PROJECT, locked=True, python=True),
    ("pipenv", "install"): Tool(
        _PIPFILE, *_OF_PROJECT, frozenset({"--deploy", "--ignore-pipfile"}), python=True
    ),
    ("uv", "sync"): Tool(
        ("pyproject.toml", "uv.lock", "uv.toml", ".python-version"),
        *_OF_PROJECT,
        frozenset({"--frozen", "--locked"}),
        project=True,
        python=True,
    ),
}
