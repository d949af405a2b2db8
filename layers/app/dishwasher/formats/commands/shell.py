"""Shell text to its statements, well enough to see which programs it runs, and after which test.

No shell: variables and functions are taken as they stand. A here-document is passed over, but for
one that a shell reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dishwasher.formats.tree import Scalar, Style

SCANNED = 20_000
"""Characters of one command, or of one value, that are looked at for what they tell."""

# All that needs no look of its own within a word.
_PLAIN = re.compile(r"[^ \t\r\n;|()&'\"\\]+")
# Most words by far, each found by one match, and the blanks behind them.
_WHOLE = re.compile(r"([^ \t\r\n;|()&'\"\\#][^ \t\r\n;|()&'\"\\]*)(?:[ \t]+|(?=[\n;])|\Z)")

_NAME = re.compile(r"[\w.:-]+")

_HERE = re.compile(r"<<-?(\w+)")
SHELLS = ("bash", "sh")

AND, OR, PIPE, NEXT = "&&", "||", "|", ";"


@dataclass(frozen=True, slots=True)
class Statement:
    """One simple command, without its quotes."""

    words: tuple[str, ...]
    joined: str
    """What stands before it: AND, OR, PIPE or NEXT."""
    row: int
    """0-based line of the text in which it begins."""

    @property
    def text(self) -> str:
        return " ".join(self.words)


def statements(text: str) -> Iterator[Statement]:
    """In the order of the text, in time linear in it."""
    reader = _Reader(text)
    words: list[str] = []
    joined, row = NEXT, 0
    for word, is_operator, at in reader.tokens():
        if not is_operator:
            if not words:
                row = at
            words.append(word)
            if word.startswith("<<") and words[0] not in SHELLS:
                reader.pass_over(word)
            continue
        if words:
            yield Statement(tuple(words), joined, row)
            words, joined = [], word
        elif word != NEXT or joined not in (AND, OR, PIPE):
            # A line may end in `&&`, and the statement stand on the next.
            joined = word
    if words:
        yield Statement(tuple(words), joined, row)


def names(text: str) -> list[str]:
    """Everything in a text that can be the name of a program, quoted or behind a path or not."""
    return _NAME.findall(text)


def place(scalar: Scalar, row: int) -> tuple[int, int]:
    """Line and column of a row of the text; a folded text knows only where it begins."""
    is_literal = scalar.style is Style.LITERAL
    return (scalar.line + 1 + row, 1) if is_literal else (scalar.line, scalar.column)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._row = 0
        self._here = ""
        """What ends the here-document that begins on the next line."""

    def pass_over(self, word: str) -> None:
        """From the next line on, up to the one that `<<WORD` names."""
        found = _HERE.fullmatch(word)
        self._here = found[1] if found else ""

    def tokens(self) -> Iterator[tuple[str, bool, int]]:
        """(word or operator, which of the two, row)"""
        text = self._text
        while self._at < len(text):
            whole = _WHOLE.match(text, self._at)
            if whole:
                yield whole[1], False, self._row
                self._at = whole.end()
                continue
            character = text[self._at]
            if character == "\n":
                yield NEXT, True, self._row
                self._row += 1
                self._at += 1
                self._skip_document()
            elif character in " \t\r":
                self._at += 1
            elif text.startswith("\\\n", self._at):
                self._row += 1
                self._at += 2
            elif character == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            elif text.startswith("((", self._at):
                row = self._row
                yield self._until("))"), False, row
            elif character in ";&|()":
                yield self._operator(character), True, self._row
            else:
                row = self._row
                yield self._word(), False, row

    def _skip_document(self) -> None:
        end, self._here = self._here, ""
        while end and self._at < len(self._text):
            stop = self._text.find("\n", self._at)
            stop = len(self._text) if stop < 0 else stop
            line = self._text[self._at : stop].strip()
            self._at = stop + 1
            self._row += 1
            if line == end:
                return

    def _operator(self, character: str) -> str:
        pair = self._text[self._at : self._at + 2]
        self._at += 2 if pair in (AND, OR, ";;") else 1
        if pair in (AND, OR):
            return pair
        return PIPE if character == "|" else NEXT

    def _word(self) -> str:
        text = self._text
        parts: list[str] = []
        while self._at < len(text):
            character = text[self._at]
            if character in " \t\r\n;|()" or (character == "&" and not self._is_redirection()):
                if character == "(" and parts and parts[-1].endswith("$"):
                    parts.append(self._until(")"))
                    continue
                break
            if character in "'\"":
                parts.append(self._quoted(character))
            elif character == "\\":
                # `\` at the end of a line joins two lines; elsewhere it quotes what follows.
                pair = text[self._at + 1 : self._at + 2]
                self._row += pair == "\n"
                parts.append("" if pair == "\n" else pair)
                self._at += 2
            else:
                plain = _PLAIN.match(text, self._at)
                parts.append(plain[0] if plain else character)
                self._at += len(parts[-1])
        return "".join(parts)

    def _is_redirection(self) -> bool:
        """`2>&1` and `&>file` start nothing in the background."""
        before = self._text[self._at - 1 : self._at]
        return before in "<>" or self._text.startswith("&>", self._at)

    def _until(self, end: str) -> str:
        """From here to the end, or to that of the text."""
        found = self._text.find(end, self._at)
        stop = len(self._text) if found < 0 else found + len(end)
        inside = self._text[self._at : stop]
        self._at = stop
        self._row += inside.count("\n")
        return inside

    def _quoted(self, quote: str) -> str:
        self._at += 1
        start, text = self._at, self._text
        while self._at < len(text) and text[self._at] != quote:
            self._at += 2 if text[self._at] == "\\" and quote == '"' else 1
        inside = text[start : self._at]
        self._at += 1
        self._row += inside.count("\n")
        return inside
