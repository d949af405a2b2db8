"""Who runs a bot: root, the root of a container, or an ordinary user that is but a number."""

from __future__ import annotations

import json
import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path

import dishwasher
import pytest
from dishwasher.runner.sandbox import mounts

from tests.runner.sandbox.levels import AS_ROOT

NUMBER = 61_999
"""Nobody's, and without a name: https://systemd.io/UIDS-GIDS/"""
PACKAGES = str(Path(dishwasher.__file__).parents[1])

# For root to become a user, who may then enter what is needed of the folders that are closed.
_TURN = f"""
import json, os, sys
sys.path.insert(0, {PACKAGES!r})
from dishwasher.runner.sandbox import mounts
folders, places = json.loads(sys.argv[1])
mounts.open_up(places, folders, [], 0)
os.setgroups([])
os.setresgid({NUMBER}, {NUMBER}, {NUMBER})
os.setresuid({NUMBER}, {NUMBER}, {NUMBER})
# It could not write where coverage is kept.
kept = {{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}}
os.execvpe(sys.argv[2], sys.argv[2:], kept)
"""


class Person(StrEnum):
    ROOT = "root"
    CONTAINER = "container"
    """Root that may not mount: capabilities(7), CAP_SYS_ADMIN."""
    USER = "user"

    def before(self, *own: Path) -> tuple[str, ...]:
        """Words before a command that this person runs, whose folders these are."""
        if self is Person.ROOT or not AS_ROOT:
            return ()
        if self is Person.CONTAINER:
            return ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
        for folder in own:
            os.chown(folder, NUMBER, NUMBER)
        needed = (*sys.path, sys.prefix, sys.base_prefix, PACKAGES, *map(str, own))
        places = [place for place in needed if os.path.isabs(place) and os.path.exists(place)]
        said = json.dumps((mounts.closed(places), places))
        return (sys.executable, "-I", "-S", "-c", _TURN, said)


def by(*people: Person) -> pytest.MarkDecorator:
    """Once as each of them, as far as the tests' own user can become them."""
    return pytest.mark.parametrize("person", [_param(person) for person in people])


def _param(person: Person) -> object:
    marks = []
    if person is not Person.USER and not AS_ROOT:
        marks.append(pytest.mark.skip(reason="needs root"))
    if person is Person.CONTAINER and shutil.which("setpriv") is None:
        marks.append(pytest.mark.skip(reason="needs setpriv"))
    return pytest.param(person, marks=marks, id=person.value)
