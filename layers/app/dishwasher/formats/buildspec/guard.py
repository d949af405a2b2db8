"""Which statements of a phase stand behind a test of CODEBUILD_BUILD_SUCCEEDING."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dishwasher.formats.buildspec.variables import SUCCEEDING
from dishwasher.formats.commands.effects import deploys
from dishwasher.formats.commands.programs import called, unwrapped
from dishwasher.formats.commands.shell import AND, NEXT, OR, Statement, place
from dishwasher.formats.tree import Scalar

BLOCKS = 30
"""Open `if`s and `case`s that are kept; a hostile file would make us walk through thousands."""
LEADING = 6
"""Words such as `then if` that are looked for before a program."""

_TEST = re.compile(r"""(!=|==|=|-eq|-ne|-gt|-lt|-ge)[\s"'/\\]*([01])\b""")
_TRUE_FOR_SUCCESS = {
    **dict.fromkeys([("=", "1"), ("==", "1"), ("-eq", "1"), ("-ge", "1"), ("-gt", "0")], True),
    **dict.fromkeys([("!=", "0"), ("-ne", "0")], True),
    **dict.fromkeys([("=", "0"), ("==", "0"), ("-eq", "0"), ("-lt", "1")], False),
    **dict.fromkeys([("!=", "1"), ("-ne", "1")], False),
}
_ENDS = ("exit", "return")
_STRICT = re.compile(r"-[a-z]*e[a-z]*|errexit")
_WORDS_OF_BLOCKS = ("if", "elif", "then", "else", "fi", "case", "esac")


@dataclass(frozen=True, slots=True)
class Effect:
    """A deploy-like statement."""

    line: int
    column: int
    text: str
    guarded: bool


@dataclass(slots=True)
class _Block:
    """An open `if` or `case`."""

    tested: bool
    for_success: bool | None
    """Whether its first branch is for success; None where nobody can tell."""
    in_first: bool = True
    ends: bool = False
    """The command is ended inside, in the branch for failure."""
    fails: bool = False
    """The phase too."""

    @property
    def guards(self) -> bool:
        return self.tested and (self.for_success is None or self.for_success is self.in_first)


class Phase:
    """The commands of one phase, in their order; what a test ends is safe after it."""

    def __init__(self) -> None:
        self._safe = False
        """The rest of the phase runs after success alone."""
        self._here = False
        """The rest of this command does."""
        self._strict = False
        """`set -e`"""
        self._blocks: list[_Block] = []
        self._deeper = 0
        """Open blocks beyond BLOCKS."""
        self._status: bool | None = None
        """What exit status 0 of the chain `a && b` so far says: success, failure, or nothing."""
        self._context: bool | None = None
        """For which of the two the present statement of a chain runs alone."""

    def effects(self, command: Scalar) -> Iterator[Effect]:
        """The command's deploy-like statements."""
        self._blocks.clear()
        self._deeper = 0
        self._here = False
        for statement in unwrapped(command.text):
            self._take(statement)
            if deploys(statement.words):
                yield Effect(*place(command, statement.row), statement.text, self._is_guarded())
        self._settle()
        self._status = None

    def _is_guarded(self) -> bool:
        inside = any(block.guards for block in self._blocks)
        return self._safe or self._here or self._context is True or inside

    def _take(self, statement: Statement) -> None:
        self._join(statement.joined)
        words = statement.words
        for word in words[:LEADING]:
            if word not in _WORDS_OF_BLOCKS:
                break
            self._block(word, statement)
            words = words[1:]
        if not words:
            return
        if words[0] == "set" and any(_STRICT.fullmatch(word) for word in words[1:]):
            self._strict = True
        elif words[0] in _ENDS:
            self._end(is_success=words[1:2] == ("0",))
        elif SUCCEEDING in statement.text and _is_test(called(words)[:1]):
            self._status = _for_success(statement) is not False
        elif statement.joined == OR:
            self._status = None

    def _join(self, joined: str) -> None:
        if joined == NEXT:
            if self._strict:
                self._settle()
            self._status = self._context = None
        elif joined == AND:
            self._context = self._status
        elif joined == OR:
            self._context = None if self._status is None else not self._status

    def _settle(self) -> None:
        """A chain that fails unless the build succeeds ends the phase."""
        if not self._blocks and self._status is True:
            self._safe = True

    def _block(self, word: str, statement: Statement) -> None:
        tested = SUCCEEDING in statement.text
        if word in ("if", "case") and len(self._blocks) >= BLOCKS:
            self._deeper += 1
        elif word in ("fi", "esac") and self._deeper:
            self._deeper -= 1
        elif word in ("if", "case"):
            self._blocks.append(_Block(tested, _for_success(statement) if word == "if" else None))
        elif not self._blocks or self._deeper:
            return
        elif word == "elif" and tested:
            block = self._blocks[-1]
            block.tested, block.for_success, block.in_first = True, _for_success(statement), True
        elif word in ("else", "elif"):
            self._blocks[-1].in_first = False
        elif word in ("fi", "esac"):
            block = self._blocks.pop()
            self._here = self._here or block.ends
            self._safe = self._safe or block.fails

    def _end(self, *, is_success: bool) -> None:
        """`exit`: what follows runs only where the test before it says otherwise."""
        block = next((one for one in reversed(self._blocks) if one.tested), None)
        if block is not None and (block.for_success is None or not block.guards):
            block.ends = True
            # With status 0 the command has passed, and the phase goes on after it.
            block.fails = block.fails or not is_success
        elif block is None and self._context is False:
            self._here = True
            self._safe = self._safe or not is_success


def _is_test(words: tuple[str, ...]) -> bool:
    return any(word in ("[", "[[", "test") or word.startswith("((") for word in words)


def _for_success(statement: Statement) -> bool | None:
    """Whether the test holds for success or for failure; None where nobody can tell."""
    _, found, after = statement.text.partition(SUCCEEDING)
    test = _TEST.search(after) if found else None
    sense = _TRUE_FOR_SUCCESS.get((test[1], test[2])) if test else None
    return sense if sense is None or "!" not in statement.words[:3] else not sense
