"""A repository's files to a plan with its reasons.

Only what somebody set up is run: a linter with settings, tests, documentation. Nothing is
ever deployed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dishwasher.core.config import Config, JobSpec, Kind, Uses
from dishwasher.core.machine import Machine
from dishwasher.core.step import Phase, Step
from dishwasher.formats.commands.annotating import matchers
from dishwasher.formats.implied import requirements
from dishwasher.formats.implied.check import Check
from dishwasher.formats.implied.django import Django, django
from dishwasher.formats.implied.documentation import documentation
from dishwasher.formats.implied.linters import linters
from dishwasher.formats.implied.node import Node, node
from dishwasher.formats.implied.project import Project
from dishwasher.formats.implied.python import Python, python
from dishwasher.formats.implied.services import Surroundings, surroundings
from dishwasher.formats.implied.tests import tests
from dishwasher.formats.native.jobs import BUILD, DEPENDENCIES, FACTS
from dishwasher.formats.repository import Repository

_SPELLING = "spelling"
_PYTHON_TOOLS = ("pip ", "uv ", "poetry ", "pipenv ")
_OTHERS = (
    ("Gemfile", "Ruby"),
    ("go.mod", "Go"),
    ("Cargo.toml", "Rust"),
    ("pom.xml", "Java"),
    ("build.gradle", "Java"),
    ("composer.json", "PHP"),
    ("environment.yml", "conda"),
    (".pre-commit-config.yaml", "pre-commit"),
)
"""Files of what is not looked into."""


def implied(repository: Repository) -> Config:
    """The plan and its reasons in `notes`; without jobs where the files imply none."""
    project = Project(repository)
    found = _look(project)
    checks = _named(found)
    if not checks:
        return Config("", (), notes=(_nothing(project), *project.notes))
    setup = _setup(found, checks)
    machine = _machine(found, setup)
    jobs = _jobs(checks, setup, machine)
    notes = (*_explained(found, setup, checks), *found.around.notes, *project.notes)
    return Config("", jobs, notes=tuple(dict.fromkeys(notes)))


@dataclass(frozen=True, slots=True)
class _Found:
    django: Django | None
    python: Python
    node: Node | None
    around: Surroundings
    checks: tuple[Check, ...]
    """Of Python and documentation."""

    @property
    def folder(self) -> str:
        return self.django.folder if self.django else ""


def _look(project: Project) -> _Found:
    site = django(project)
    folder = site.folder if site else ""
    its_python = python(project, folder)
    its_node = node(project)
    packages = its_python.installed | (its_node.installed if its_node else frozenset())
    settings = site.files if site else ()
    around = surroundings(project, folder, settings, packages)
    tested = tests(project, site, its_python.installed)
    documented = documentation(project)
    checks = (*linters(project), *filter(None, (tested, documented)))
    return _Found(site, its_python, its_node, around, checks)


def _named(found: _Found) -> tuple[Check, ...]:
    """Every check; where Python and Node have one of the same name, Node's says so."""
    taken = {check.name for check in found.checks}
    of_node = [
        replace(check, name=f"node-{check.name}") if check.name in taken else check
        for check in (found.node.checks if found.node else ())
    ]
    together = [*found.checks, *of_node]
    order = ("tests", "node-tests", "build", "docs")
    late = [check for name in order for check in together if check.name == name]
    return (*(check for check in together if check not in late), *late)


def _setup(found: _Found, checks: Sequence[Check]) -> tuple[Step, ...]:
    """What installs the project's packages, and then the tools that none of its lists names."""
    lacking: dict[str, list[Check]] = {}
    for check in checks:
        for package in check.wants:
            if requirements.normalised(package) not in found.python.installed:
                lacking.setdefault(package, []).append(check)
    steps = found.python.steps
    if lacking:
        verb = "are" if len(lacking) > 1 else "is"
        names = _listed([f"`{name}`" for name in lacking])
        why = f"{names} {verb} in no list of packages that was found"
        steps = (*steps, Step(f"pip install {' '.join(lacking)}", why=why))
    return (*steps, *(found.node.steps if found.node else ()))


def _machine(found: _Found, setup: Sequence[Step]) -> Machine:
    version = found.python.version
    has_packages = any(step.command.startswith(_PYTHON_TOOLS) for step in setup)
    return Machine(
        python=version,
        node=found.node.version if found.node else "",
        virtualenv=bool(version) or has_packages,
        services=found.around.services,
        environment=found.around.environment,
    )


def _jobs(
    checks: Sequence[Check], setup: tuple[Step, ...], machine: Machine
) -> tuple[JobSpec, ...]:
    early = [check.name for check in checks if check.is_early]
    first = Phase(DEPENDENCIES, setup)
    jobs = []
    for check in checks:
        run = Phase(BUILD, tuple(Step(command, why=check.why) for command in check.commands))
        is_tests = check.name.endswith("tests")
        job = JobSpec(
            check.name,
            Kind.CHECK,
            0,
            phases=(first, run) if setup else (run,),
            machine=machine,
            facts=FACTS,
            needs=(*early, _SPELLING) if is_tests else (),
            annotate=matchers((*check.commands, check.script)),
        )
        jobs.append(job)
    spelling = JobSpec(_SPELLING, Kind.CHECK, 0, uses=Uses.SPELLING)
    jobs.insert(len(early), spelling)
    return tuple(jobs)


def _explained(found: _Found, setup: Iterable[Step], checks: Iterable[Check]) -> Iterable[str]:
    if found.python.version:
        yield f"`{found.python.version_file}` asks for Python {found.python.version}."
    if found.node and found.node.version:
        yield f"`{found.node.version_file}` asks for Node {found.node.version}."
    for service in found.around.services:
        yield f"{_capital(service.why)}, so {service.name} is started."
    reasons: dict[str, list[str]] = {}
    for step in setup:
        reasons.setdefault(step.why, []).append(f"`{step.command}`")
    for why, commands in reasons.items():
        yield f"{_capital(why)}, so {_listed(commands)} {_runs(commands)} first."
    for check in checks:
        commands = [f"`{command}`" for command in check.commands]
        yield f"{_capital(check.why)}, so the check `{check.name}` runs {_listed(commands)}."
    yield "Misspelt words are looked for in every project; they fail nothing."


def _nothing(project: Project) -> str:
    found = "No tests, linter's settings or documentation were found that Dishwasher knows."
    others = [f"`{file}` ({what})" for file, what in _OTHERS if project.has(file)]
    if others:
        verb = "are" if len(others) > 1 else "is"
        found += f" {_listed(others)} {verb} there, and not looked into."
    return found


def _runs(commands: Sequence[str]) -> str:
    return "run" if len(commands) > 1 else "runs"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
