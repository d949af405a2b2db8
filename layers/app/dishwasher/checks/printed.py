"""The tests that failed, from the blocks that unittest and Django's runner print of them.

For jobs without a report. `unittest.runner.TextTestResult.printErrorList`, since Python 2.7; from
3.11 on the place in parentheses ends with the test's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dishwasher.core.outcome import FAILING_KEPT, Status, TestCase

RULE, LINE = "=" * 70 + "\n", "-" * 70 + "\n"
MESSAGE, DETAILS = 300, 2_000
"""Characters that are kept of what went wrong, and of the end of what was printed."""
_HEADING = re.compile(r"(FAIL|ERROR): (\S{1,500}) \((\S{1,500})\)")
_END = re.compile(r"^-{70}\nRan \d", re.MULTILINE)
STATUS = {"FAIL": Status.FAILED, "ERROR": Status.ERROR}
FRAME = '  File "'


def failing(text: str) -> tuple[TestCase, ...]:
    """Each once, of its parts the first; as many as are kept. The text has no colours."""
    found: dict[tuple[str, str], TestCase] = {}
    for case in _cases(text):
        found.setdefault((case.class_name, case.name), case)
        if len(found) == FAILING_KEPT:
            break
    return tuple(found.values())


def _cases(text: str) -> Iterator[TestCase]:
    for block in text.split(RULE)[1:]:
        heading, line, body = block.partition(LINE)
        match = _HEADING.match(heading)
        if match is None or not line:
            continue
        status, name, place = match.groups()
        if end := _END.search(body):
            body = body[: end.start()]
        details = body.strip("\n")
        yield TestCase(
            suite="",
            class_name=place.removesuffix(f".{name}"),
            name=name,
            status=STATUS[status],
            message=_message(details),
            details=details[-DETAILS:],
        )


def _message(details: str) -> str:
    """What stands behind the last frame of the traceback; empty where there is none."""
    lines = details.split("\n")
    frames = [number for number, line in enumerate(lines) if line.startswith(FRAME)]
    behind = lines[frames[-1] :] if frames else lines
    said = next((line for line in behind if line and not line[0].isspace()), "")
    return said if len(said) <= MESSAGE else f"{said[: MESSAGE - 1]}…"
