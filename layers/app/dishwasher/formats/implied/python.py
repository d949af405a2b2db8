"""What a repository's files say of its Python: the version, and how its packages are installed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.core.step import Step
from dishwasher.formats.implied import requirements
from dishwasher.formats.implied.project import Project
from dishwasher.formats.implied.requirements import EXTRAS, names_of

GROUPS_PIP = "25.1"
"""The first pip with --group: https://pip.pypa.io/en/stable/news/#v25-1"""

_EXACT = re.compile(r"(?:(?:c?python|pypy)-?)?([23])\.(\d{1,2})(?:\.\d+)?(?:[.*\w+-]*)")
_BOUND = re.compile(r"\s*(===?|~=|<=?|>=?|!=|\^|~|)\s*v?([23])(?:\.(\d{1,2}|\*))?(\.[\w*]+)*\s*")
_TOX = re.compile(r"py(?:\{([\d,\s]{1,80})\}|(\d{2,3}))")
_REQUIRES = re.compile(r"""python_requires\s*=\s*["']([^"'\n]{1,80})["']""")


@dataclass(frozen=True, slots=True)
class Python:
    version: str = ""
    """`3.12`; empty where no single one is asked for."""
    version_file: str = ""
    steps: tuple[Step, ...] = ()
    """They install the project and what it needs."""
    installed: frozenset[str] = frozenset()
    """Normalised names of the packages that the steps are known to bring."""


def python(project: Project, folder: str) -> Python:
    """`folder` is where a project below the root lies, such as Django's; empty for the root."""
    version, file = _version(project, folder)
    steps, installed = _installed(project, folder)
    return Python(version, file, steps, frozenset(installed))


def _version(project: Project, folder: str) -> tuple[str, str]:
    pyproject = project.toml("pyproject.toml")
    poetry = pyproject.table("tool", "poetry", "dependencies").text("python")
    setup = _REQUIRES.search(project.text("setup.py"))
    said = (
        (".python-version", _exact(project.text(".python-version"))),
        ("runtime.txt", _exact(project.text("runtime.txt"))),
        (f"{folder}/runtime.txt", _exact(project.text(f"{folder}/runtime.txt"))),
        ("Pipfile", _exact(project.toml("Pipfile").table("requires").text("python_version"))),
        ("pyproject.toml", _newest(pyproject.table("project").text("requires-python"))),
        ("pyproject.toml", _newest(poetry)),
        ("setup.cfg", _newest(project.ini("setup.cfg").table("options").text("python_requires"))),
        ("setup.py", _newest(setup[1] if setup else "")),
        ("tox.ini", _of_tox(project.ini("tox.ini").table("tox").text("envlist"))),
    )
    return next(((version, file) for file, version in said if version), ("", ""))


def _exact(text: str) -> str:
    """The version without its patch level, which builders have only one of."""
    lines = (line.strip() for line in text[:1000].splitlines())
    first = next((line for line in lines if line and line[0] != "#"), "")
    found = _EXACT.fullmatch(first)
    return f"{found[1]}.{found[2]}" if found else ""


def _newest(specifier: str) -> str:
    """The newest that a specifier allows; nothing where it names no end: any newer one will do."""
    newest: list[tuple[int, int]] = []
    for part in specifier[:200].split(","):
        found = _BOUND.fullmatch(part)
        if found is None or found[3] in (None, "*"):
            continue
        operator, major, minor = found[1], int(found[2]), int(found[3])
        is_exact = operator in ("", "==", "===", "~") or (operator == "~=" and found[4])
        if is_exact or (operator == "<=" and minor):
            newest.append((major, minor))
        elif operator == "<" and minor:
            newest.append((major, minor if found[4] else minor - 1))
    return "{}.{}".format(*min(newest)) if newest else ""


def _of_tox(envlist: str) -> str:
    """The one version that is listed; nothing where there are several."""
    found = [
        digits.strip()
        for braces, single in _TOX.findall(envlist[:2000])
        for digits in (braces.split(",") if braces else [single])
    ]
    minors = {int(digits[1:]) for digits in found if digits[:1] == "3" and len(digits) > 1}
    # Several are all that it may be; the newest of them is often not on the machine yet.
    return f"3.{minors.pop()}" if len(minors) == 1 else ""


def _installed(project: Project, folder: str) -> tuple[tuple[Step, ...], set[str]]:
    """Of several ways, the one that says the most: a lock file before a list of packages."""
    for way in (_uv, _poetry, _pipenv):
        found = way(project)
        if found is not None:
            return found
    steps, installed = requirements.steps(project, folder)
    own_steps, own_installed = _own(project)
    if any(requirements.holds_project(project, step.command) for step in steps):
        own_steps = ()
    return (*steps, *own_steps), installed | own_installed


def _uv(project: Project) -> tuple[tuple[Step, ...], set[str]] | None:
    if not project.has("uv.lock"):
        return None
    pyproject = project.toml("pyproject.toml")
    extras = [f" --extra {name}" for name in _extras(project)]
    # uv takes the group `dev` by itself.
    groups = [name for name in EXTRAS if name in pyproject.table("dependency-groups")]
    extras += [f" --group {name}" for name in groups if name != "dev"]
    why = "`uv.lock` is uv's"
    steps = (
        Step("pip install uv", why=why),
        # In the job's own environment, and without taking away what is already there.
        Step(f"uv sync --active --locked --inexact{''.join(extras)}", why=why),
    )
    return steps, _declared(project)


def _poetry(project: Project) -> tuple[tuple[Step, ...], set[str]] | None:
    poetry = project.toml("pyproject.toml").table("tool", "poetry")
    if not poetry and not project.has("poetry.lock"):
        return None
    name = poetry.text("name") or project.toml("pyproject.toml").table("project").text("name")
    folder = re.sub(r"[-.]+", "_", name).lower()
    has_code = "packages" in poetry or any(
        project.has(f"{root}{folder}{ending}")
        for root in ("", "src/")
        for ending in ("/__init__.py", ".py")
    )
    extras = [f" --extras {extra}" for extra in EXTRAS if extra in poetry.table("extras")]
    options = ("" if has_code else " --no-root") + "".join(extras)
    file = project.first("poetry.lock") or "pyproject.toml"
    why = f"`{file}` is Poetry's"
    command = f"poetry install --no-interaction{options}"
    return (Step("pip install poetry", why=why), Step(command, why=why)), _declared(project)


def _pipenv(project: Project) -> tuple[tuple[Step, ...], set[str]] | None:
    file = project.first("Pipfile.lock", "Pipfile")
    if not file:
        return None
    command = "pipenv sync --dev" if file == "Pipfile.lock" else "pipenv install --dev"
    why = f"`{file}` is Pipenv's"
    pipfile = project.toml("Pipfile")
    installed = {
        requirements.normalised(name)
        for section in ("packages", "dev-packages")
        for name in pipfile.table(section)
    }
    return (Step("pip install pipenv", why=why), Step(command, why=why)), installed


def _own(project: Project) -> tuple[tuple[Step, ...], set[str]]:
    """A package of the project's own, with the extras that its developers need."""
    pyproject = project.toml("pyproject.toml")
    groups = [name for name in EXTRAS if name in pyproject.table("dependency-groups")]
    steps: list[Step] = []
    installed: set[str] = set()
    file = package_file(project)
    if file:
        extras = ",".join(_extras(project))
        command = f"pip install -e '.[{extras}]'" if extras else "pip install -e ."
        steps.append(Step(command, why=f"`{file}` describes a package"))
        installed = _declared(project)
    if groups:
        why = f"`pyproject.toml` has the dependency group{'s' * (len(groups) > 1)} "
        why += " and ".join(f"`{name}`" for name in groups)
        steps.append(Step(f"pip install --upgrade 'pip>={GROUPS_PIP}'", why=why))
        options = " ".join(f"--group {name}" for name in groups)
        steps.append(Step(f"pip install {options}", why=why))
        installed |= _declared(project)
    return tuple(steps), installed


def package_file(project: Project) -> str:
    """The file that makes the root a package that pip can install."""
    pyproject = project.toml("pyproject.toml")
    if pyproject.table("project") and "build-system" in pyproject:
        return "pyproject.toml"
    if project.has("setup.py"):
        return "setup.py"
    if project.ini("setup.cfg").table("metadata"):
        return "setup.cfg"
    listed = requirements.files(project, "")
    return "pyproject.toml" if pyproject.table("project") and not listed else ""


def _extras(project: Project) -> list[str]:
    known = {
        *project.toml("pyproject.toml").table("project", "optional-dependencies"),
        *project.ini("setup.cfg").table("options.extras_require"),
    }
    _, _, setup = project.text("setup.py").partition("extras_require")
    return [
        name
        for name in EXTRAS
        if name in known or re.search(rf"""["']{name}["']\s*:|\b{name}=\[""", setup)
    ]


def _declared(project: Project) -> set[str]:
    """Packages that pyproject.toml, setup.cfg or setup.py name and a developer gets."""
    pyproject = project.toml("pyproject.toml")
    own, poetry = pyproject.table("project"), pyproject.table("tool", "poetry")
    setup = project.ini("setup.cfg")
    lines = list(own.texts("dependencies"))
    lines += setup.table("options").text("install_requires").splitlines()
    for name in EXTRAS:
        lines += own.table("optional-dependencies").texts(name)
        lines += pyproject.table("dependency-groups").texts(name)
        lines += setup.table("options.extras_require").text(name).splitlines()
    lines += re.findall(r"""["']([A-Za-z][^"'\n]{1,80})["']""", project.text("setup.py"))
    lines += [*poetry.table("dependencies"), *poetry.table("dev-dependencies")]
    for group in poetry.table("group"):
        lines += poetry.table("group", group, "dependencies")
    return names_of(lines)
