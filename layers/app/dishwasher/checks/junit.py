"""JUnit XML to test cases, as pytest, Django's runners, jest, go and surefire write it.

There is no standard, only dialects: https://github.com/testmoapp/junitxml. Read leniently: several
roots or none, illegal characters, `1,234.5` seconds, nested suites. Counts come from the cases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from xml.parsers import expat

from dishwasher.core.outcome import BAD, Status, TestCase
from dishwasher.errors import UserError

SIZE = 32 * 1024 * 1024
"""Bytes of one file; 50,000 tests make 6 MB."""
CASES = 200_000
MESSAGE, DETAILS = 500, 8_000
"""Characters that are kept."""

_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_ANY_DECLARATION = re.compile(r"<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>", re.IGNORECASE)
# https://www.w3.org/TR/xml/#charsets; tools write what a test printed, whatever it was.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Colours that a test has printed: as they are, as a reference, or as pytest writes them.
_COLOUR = re.compile(r"(?:\x1b|&#x0*1[bB];|&#27;|#x1B)\[[0-9;]{0,40}m")
_ILLEGAL_REFERENCE = re.compile(r"&#(?:x0*([0-9a-fA-F]{1,6})|0*([0-9]{1,7}));")
# pytest's default dialect tells the place only at the end of the failure's text.
_PLACE = re.compile(r"^([^\s:][^:\n]{0,500}\.\w{1,5}):(\d{1,7}): ", re.MULTILINE)
# A frame of Python's traceback, and of a stack of Node's; what is the tool's own is no place.
_FRAME = re.compile(r"""^ {1,8}File "([^"\n]{1,500})", line (\d{1,7}), in """, re.MULTILINE)
_CALL = re.compile(
    r"^ {1,8}(?:at |\u276f )[^\n]{0,300}?([^\s()]{1,500}\.\w{1,5}):(\d{1,7}):\d", re.MULTILINE
)
_GO = re.compile(r"^\s{0,12}([^\s:/]{1,200}_test\.go):(\d{1,7}): (.*)", re.MULTILINE)
_FOREIGN = re.compile(r"/site-packages/|/lib/python\d|/node_modules/|^node:|^<|/unittest/")
_TRACEBACK = "Traceback (most recent call last):"
_SAYS_NOTHING = frozenset({"", "Failed", "test failure", _TRACEBACK})
"""What go-junit-report and nose2 write in place of a message."""
_RERUNS = frozenset({"flakyFailure", "flakyError"})


def read(data: bytes) -> tuple[TestCase, ...]:
    """The test cases of one file; raises UserError when it can not be read as JUnit XML."""
    if len(data) > SIZE:
        raise UserError(f"The test report has {len(data):,} bytes; at most {SIZE:,} are read.")
    handler = _Handler()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    try:
        # A root of our own, because some tools append one report to another.
        parser.Parse(b"<reports>", False)
        parser.Parse(_clean(data).encode(), False)
        parser.Parse(b"</reports>", True)
    except expat.ExpatError as error:
        raise UserError(f"The test report is not XML: {error}.") from error
    if not handler.suites and not handler.cases:
        raise UserError("The test report holds no <testsuite>; it is not JUnit XML.")
    return _leaves(handler.cases)


def _clean(data: bytes) -> str:
    declared = _DECLARATION.match(data[:200])
    encoding = declared[1].decode() if declared else "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = data.decode(encoding, "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    text = _ANY_DECLARATION.sub("", _COLOUR.sub("", text.removeprefix("\ufeff")))
    return _ILLEGAL_REFERENCE.sub(_legal, _ILLEGAL.sub("\ufffd", text))


def _legal(reference: re.Match[str]) -> str:
    point = int(reference[1], 16) if reference[1] else int(reference[2])
    is_legal = point < 0x110000 and not _ILLEGAL.match(chr(point))
    return reference[0] if is_legal else "\ufffd"


@dataclass(slots=True)
class _Handler:
    """What expat tells, put together."""

    cases: list[TestCase] = field(default_factory=list)
    suites: list[str] = field(default_factory=list)
    """Every suite's name, in the order of their beginnings."""
    _open: list[str] = field(default_factory=list)
    _case: TestCase | None = None
    _words: list[str] | None = None
    _room: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testsuite":
            self.suites.append(attributes.get("name", ""))
            self._open.append(attributes.get("name", ""))
        elif name == "testcase":
            self._case = _begin(attributes, self._open[-1] if self._open else "")
        elif self._case is not None and (status := _status(name, attributes)):
            self._judge(status, attributes)

    def _judge(self, status: Status, attributes: dict[str, str]) -> None:
        case = self._case
        if case is None or (case.status in BAD and status not in BAD):
            return
        message = attributes.get("message") or attributes.get("type") or ""
        line = message.strip().split("\n")[0]
        self._case = replace(case, status=status, message=line[:MESSAGE])
        self._words, self._room = [], DETAILS

    def text(self, words: str) -> None:
        if self._words is not None and self._room > 0:
            self._words.append(words[: self._room])
            self._room -= len(words)

    def end(self, name: str) -> None:
        if name == "testsuite":
            self._open.pop()
        elif name == "testcase" and self._case is not None:
            if len(self.cases) >= CASES:
                raise UserError(f"The test report has more than {CASES:,} tests.")
            self.cases.append(_placed(self._case))
            self._case = None
        elif self._words is not None and self._case is not None and _status(name, {}):
            details = "".join(self._words).strip("\n")
            first = details.strip().split("\n")[0][:MESSAGE]
            self._case = replace(self._case, details=details, message=self._case.message or first)
            self._words = None


def _begin(attributes: dict[str, str], suite: str) -> TestCase:
    line = attributes.get("line", "")
    skipped = attributes.get("skipped", "") == "true" or attributes.get("status") in (
        "skipped",
        "notrun",
        "disabled",
    )
    return TestCase(
        suite=suite,
        class_name=attributes.get("classname", ""),
        name=attributes.get("name", ""),
        status=Status.SKIPPED if skipped else Status.PASSED,
        seconds=_seconds(attributes.get("time", "")),
        path=attributes.get("file", ""),
        line=int(line) if line.isascii() and line.isdigit() and len(line) < 8 else 0,
    )


def _status(name: str, attributes: dict[str, str]) -> Status | None:
    if name == "failure":
        return Status.FAILED
    if name == "error":
        return Status.ERROR
    if name == "skipped":
        kind = attributes.get("type", "").casefold()
        return Status.XFAILED if kind in ("pytest.xfail", "xfail") else Status.SKIPPED
    return Status.FLAKY if name in _RERUNS else None


def _seconds(text: str) -> float:
    """`1,234.5` and `0,5` are both written; what is no number counts for nothing."""
    plain = text.replace(",", "") if "." in text else text.replace(",", ".")
    try:
        seconds = float(plain)
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0


def _placed(case: TestCase) -> TestCase:
    """With what its text tells beyond its attributes: the words, and the line that failed."""
    if case.status not in BAD:
        return case
    if case.message in _SAYS_NOTHING:
        case = replace(case, message=_words(case.details) or case.message)
    places = _places(case)
    if case.path:
        # Beside it stands the line of the test, from 0 or 1, and not that of the failure.
        lines = [line for path, line in places if f"/{path}".endswith(f"/{case.path}")]
        return replace(case, line=int(lines[-1])) if lines else case
    if not places:
        return case
    path, line = places[-1]
    return replace(case, path=path, line=int(line))


def _places(case: TestCase) -> list[tuple[str, str]]:
    """Files and lines that the text names, the one that counts at the end."""
    if places := _PLACE.findall(case.details):
        return places
    if places := _FRAME.findall(case.details) or _CALL.findall(case.details)[::-1]:
        return [place for place in places if not _FOREIGN.search(place[0])]
    # Go says the file alone, and its package as the name of the suite or the class.
    return [(f"{case.class_name}/{file}", line) for file, line, _ in _GO.findall(case.details)]


def _words(details: str) -> str:
    """What the text says at the end of a traceback or behind Go's place; empty for others."""
    if _TRACEBACK in details:
        return details.rstrip().split("\n")[-1][:MESSAGE]
    found = _GO.search(details)
    return found[3][:MESSAGE] if found else ""


def _leaves(cases: list[TestCase]) -> tuple[TestCase, ...]:
    """Go's parent fails because a subtest failed, and is no test of its own then."""
    parents = {
        (case.class_name, case.name.rpartition("/")[0]) for case in cases if "/" in case.name
    }
    return tuple(
        case
        for case in cases
        if case.status not in BAD or (case.class_name, case.name) not in parents
    )
