"""The commands that CircleCI 1.0 inferred from a repository's files, for Python and Node.

https://circleci.com/docs/1.0/language-python/ and https://circleci.com/docs/1.0/language-nodejs/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from dishwasher.core.step import Step
from dishwasher.formats.repository import Repository

PYTHON = ("requirements.txt", "setup.py", "tox.ini", "unittest.py", "manage.py")
"""Files of the build directory that make a repository a Python one."""
OTHERS = {
    "Gemfile": "Ruby",
    "composer.json": "PHP",
    "pom.xml": "Java",
    "build.gradle": "Java",
    "build.sbt": "Scala",
    "project.clj": "Clojure",
    "stack.yaml": "Haskell",
    "main.go": "Go",
}
"""Files that CircleCI inferred commands from, and Dishwasher does not."""
_TESTS = re.compile(r"(?:^|/)(?:tests?/.*\.py|tests?\.py|test_[^/]*\.py|[^/]*_tests?\.py)$")
_PIP = re.compile(r"(?<![\w./-])(?:pip[23]?(?:\.\d+)? install|python\S* setup\.py)(?!\w)")


@dataclass(frozen=True, slots=True)
class Implied:
    """What the files of a build directory ask for."""

    dependencies: tuple[Step, ...] = ()
    test: tuple[Step, ...] = ()
    python: bool = False
    node: bool = False
    other: str = ""
    """A language whose commands are not inferred here, with the file that shows it."""


def implied(repository: Repository, directory: str) -> Implied:
    """Looks only into the build directory itself, as CircleCI did."""
    files = _Files(repository, f"{directory}/" if directory else "")
    python = any(files.has(name) for name in PYTHON)
    node = files.has("package.json")
    other = next((f"{OTHERS[name]} ({name})" for name in OTHERS if files.has(name)), "")
    return Implied(
        dependencies=(*_python_dependencies(files), *_node_dependencies(files)),
        test=(*_python_tests(files), *_node_tests(files)),
        python=python,
        node=node,
        other=other,
    )


def installs_python(steps: Iterable[Step]) -> bool:
    """Whether commands install Python packages, and so need an environment of their own."""
    return any(_PIP.search(step.command) for step in steps)


@dataclass(frozen=True, slots=True)
class _Files:
    repository: Repository
    prefix: str

    def has(self, name: str) -> bool:
        return self.repository.has(self.prefix + name)

    def read(self, name: str) -> str:
        return self.repository.read(self.prefix + name) or "" if self.has(name) else ""

    def with_tests(self) -> bool:
        return any(
            path.startswith(self.prefix) and _TESTS.search(path) for path in self.repository.paths
        )


def _step(command: str, why: str) -> Step:
    return Step(command, why=why)


def _python_dependencies(files: _Files) -> Iterable[Step]:
    if files.has("requirements.txt"):
        yield _step("pip install -r requirements.txt", "there is a requirements.txt")
    if files.has("setup.py"):
        yield _step("python setup.py install", "there is a setup.py")


def _python_tests(files: _Files) -> Iterable[Step]:
    """The first rule that fits: a project has one way to test."""
    if files.has("tox.ini"):
        yield _step("tox", "there is a tox.ini")
    elif files.has("unittest.py"):
        yield _step("nosetests", "there is a unittest.py")
    elif files.has("manage.py") and files.with_tests():
        yield _step("python manage.py test", "there are a manage.py and tests")
    elif files.has("setup.py"):
        yield _step("python setup.py test", "there is a setup.py")


def _node_dependencies(files: _Files) -> Iterable[Step]:
    if files.has("package.json"):
        yield _step("npm install", "there is a package.json")
    if files.has("bower.json"):
        yield _step("bower install", "there is a bower.json")


def _node_tests(files: _Files) -> Iterable[Step]:
    if not files.has("package.json"):
        return
    if _has_test_script(files.read("package.json")):
        yield _step("npm test", "package.json has a script `test`")
    elif re.search(r"^test *:", files.read("Makefile"), re.MULTILINE):
        yield _step("make test", "the Makefile has a target `test`")


def _has_test_script(text: str) -> bool:
    """False where the file says nothing of it, or can not be read."""
    try:
        package = json.loads(text)
    except (ValueError, RecursionError):
        return False
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return isinstance(scripts, dict) and isinstance(scripts.get("test"), str)
