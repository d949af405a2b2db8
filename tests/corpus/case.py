"""One file of the corpus, the repository that it stands in, and the plan beside it.

Leading comments describe the repository, for formats that look at it:

    # files: requirements.txt manage.py
    # file package.json: {"scripts": {"test": "jest"}}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from dishwasher.core.config import Config
from dishwasher.errors import ConfigError
from dishwasher.formats.commands.installing import marked
from dishwasher.formats.repository import Repository

from tests.corpus import describe

ROOT = Path(__file__).parent
FORMATS = {"native": ".dishwasher.yml", "circle": "circle.yml", "buildspec": "buildspec.yml"}
_FILES = re.compile(rb"^# files: (.+)$", re.MULTILINE)
_FILE = re.compile(rb"^# file ([^\s:]+): (.*)$", re.MULTILINE)

Parse = Callable[[str, bytes, Repository], Config]


@dataclass(frozen=True, slots=True)
class Case:
    path: Path

    @property
    def format(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        """`circle/01-article`"""
        return f"{self.format}/{self.path.stem}"

    @property
    def expected(self) -> Path:
        return self.path.with_suffix(".plan")

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @property
    def repository(self) -> Repository:
        name = FORMATS[self.format]
        contents = {
            found[1].decode(): found[2].decode().replace("\\n", "\n") + "\n"
            for found in _FILE.finditer(self.data)
        }
        listed = [
            name for found in _FILES.finditer(self.data) for name in found[1].decode().split()
        ]
        return Repository(frozenset({name, *listed, *contents}), contents.get)

    def parsed(self) -> Config:
        """Raises ConfigError where the file has mistakes."""
        module = import_module(f"dishwasher.formats.{self.format}")
        parse: Parse = module.parse
        return marked(parse(FORMATS[self.format], self.data, self.repository))

    def described(self) -> str:
        try:
            return describe.valid(self.parsed())
        except ConfigError as error:
            return describe.invalid(error)


def cases() -> list[Case]:
    """All of them, in the order of their names."""
    return [Case(path) for name in FORMATS for path in sorted((ROOT / name).glob("*.yml"))]
