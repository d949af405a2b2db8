"""Names of companies and products, found where they are written in any way but the right one.

A name is looked for in any case and with any space or hyphen between its parts. In code the same
letters are often an identifier, so that what is all in small or all in capital letters counts only
in prose, and nothing counts inside addresses, paths, tags and code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from dishwasher.core.findings import Finding, Level

PROSE = frozenset(
    (
        *(".md", ".markdown", ".rst", ".txt", ".adoc", ".html", ".htm", ".xhtml", ".jinja"),
        *(".jinja2", ".j2", ".tex"),
    )
)
"""Files that are written for readers; in all others words are mostly names of things in code."""
LONGEST_LINE = 5_000
"""Characters; a longer line is data."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+|[^\s\w-]+", re.UNICODE)
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_MASKED = re.compile(
    r"`+[^`\n]+`+"  # code in Markdown and reStructuredText
    r"|\{[%{#].*?[%}#]\}"  # tags of templates
    r"|<(?:code|pre|script|style|kbd)\b[^>]*>.*?</(?:code|pre|script|style|kbd)>"
    # What of a tag nobody reads; attributes that are read stay.
    r"|(?<=[\s\"'])(?!(?:alt|title|placeholder|content|aria-label|label|value)=)[\w:.-]+="
    r"(?:\"[^\"]*\"|'[^']*')"
    r"|</?[a-zA-Z][\w-]*"
    r"|\b[a-z][a-z0-9+.-]*://\S+"
    r"|\bwww\.\S+"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+",
    re.IGNORECASE,
)
_GLUE_BEFORE = frozenset("/._@#\\$-=")
_GLUE_AFTER = frozenset("/_@\\=(:")


@dataclass(frozen=True, slots=True)
class Brand:
    """The one right spelling, and what else is wrong besides what is derived from it."""

    right: str
    pattern: re.Pattern[str]
    wrong: frozenset[str]


def compiled(brands: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[Brand, ...]:
    return tuple(Brand(right, _pattern(right, wrong), frozenset(wrong)) for right, wrong in brands)


def found(
    brands: tuple[Brand, ...], path: str, lines: Iterable[tuple[int, str, bool]]
) -> Iterator[Finding]:
    """One finding for each wrong spelling; lines are numbers, texts, and whether they were added.

    All lines of the file are wanted, because a line does not tell whether it stands in code.
    """
    is_prose = PurePosixPath(path.lower()).suffix in PROSE
    fenced = False
    for number, line, added in lines:
        if is_prose and _FENCE.match(line):
            fenced = not fenced
            continue
        if not added or fenced or len(line) > LONGEST_LINE:
            continue
        masked = _MASKED.sub(lambda hidden: " " * len(hidden[0]), line)
        for brand in brands:
            for match in brand.pattern.finditer(masked):
                if _is_wrong(brand, match, masked, is_prose):
                    yield _finding(brand, path, number, match)


def _pattern(right: str, wrong: tuple[str, ...]) -> re.Pattern[str]:
    parts = _PARTS.findall(right) or [right]
    derived = r"[\s-]?".join(map(re.escape, parts))
    others = "|".join(re.escape(word) for word in sorted(wrong, key=len, reverse=True))
    # Those that are written out stand as they are; the derived ones in any case.
    words = rf"(?i:{derived})" + (f"|{others}" if others else "")
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)")


def _is_wrong(brand: Brand, match: re.Match[str], line: str, is_prose: bool) -> bool:
    written = match[0]
    if written == brand.right:
        return False
    if written in brand.wrong:
        return True
    # A space where the line begins or ends, which glues nothing.
    before, after = f" {line[: match.start()]}"[-1], f"{line[match.end() :]}  "[:2]
    if before in _GLUE_BEFORE or after[:1] in _GLUE_AFTER:
        return False
    if after[:1] in (".", "-") and after[1:].isalnum():
        return False
    if written == written.lower() and brand.right != brand.right.lower():
        return is_prose
    return is_prose or not written.isupper()


def _finding(brand: Brand, path: str, number: int, match: re.Match[str]) -> Finding:
    return Finding(
        path=path,
        start_line=number,
        end_line=number,
        level=Level.FAILURE,
        message=f"`{match[0]}` is written `{brand.right}`.",
        title="brand",
        start_column=match.start() + 1,
        end_column=match.end(),
    )
