"""A small, safe part of GitHub's markdown: all is escaped, then a few marks are given back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from markupsafe import Markup

__all__ = ["render"]

HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
BULLET = re.compile(r"(\s*)(?:[-*+]|(\d+)[.)])\s+(.*)")
FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([\w+-]*).*")
RULE = re.compile(r"\s*([-*_])(\s*\1){2,}\s*")
DIVIDER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# The only HTML that is kept: folding, which bots use for long lists.
FOLDING = re.compile(r"\s*(</?details(?: open)?>|<summary>(.*?)</summary>)\s*(.*)")
CODE = re.compile(r"(`+)(.+?)\1")
LINK = re.compile(r"!?\[([^\]]*)\]\((https?://[^\s()<>\"]+)\)")
URL = re.compile(r"(?<![\"=>\w/])https?://[^\s<>\"']+[^\s<>\"'.,;:)]")
EMPHASIS = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])[*_](?=\S)([^*_]+?)(?<=\S)[*_](?![\w*])"), r"<em>\1</em>"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), r"<del>\1</del>"),
)
# Plain signs in colour for what bots use most: many machines have no font for the pictures.
GOOD = '<span class="sign good">✔</span>'
BAD = '<span class="sign bad">✖</span>'
CARE = '<span class="sign care">⚠</span>'
EMOJI = {
    **dict.fromkeys((":white_check_mark:", "✅", ":heavy_check_mark:", "✔️"), GOOD),
    **dict.fromkeys((":x:", "❌", ":heavy_multiplication_x:", "✖️"), BAD),
    **dict.fromkeys((":warning:", "⚠️"), CARE),
    ":rocket:": "🚀",
    ":eyes:": "👀",
    ":tada:": "🎉",
    ":hourglass:": "⌛",
}


def render(text: str | None) -> Markup:
    """HTML of a text that anyone may have written."""
    lines = COMMENT.sub("", text or "").replace("\r\n", "\n").split("\n")
    return Markup("\n".join(_balanced(_blocks(lines))))


def _balanced(blocks: list[str]) -> list[str]:
    """Every fold is closed, and none that is not open: a text stays inside its own box."""
    out, depth = [], 0
    for block in blocks:
        depth += block.startswith("<details")
        if block == "</details>":
            if depth == 0:
                continue
            depth -= 1
        out.append(block)
    return out + ["</details>"] * depth


def _blocks(lines: list[str]) -> list[str]:
    """Takes one block after the other off the front."""
    out: list[str] = []
    while lines:
        line = lines[0]
        if not line.strip():
            lines.pop(0)
        elif fence := FENCE.fullmatch(line):
            out.append(_fenced(lines, fence[1]))
        elif found := FOLDING.fullmatch(line):
            lines[0] = found[3]
            out.append(found[1] if found[2] is None else f"<summary>{inline(found[2])}</summary>")
        elif found := HEADING.fullmatch(line):
            lines.pop(0)
            out.append(f"<h{len(found[1])}>{inline(found[2])}</h{len(found[1])}>")
        elif RULE.fullmatch(line):
            lines.pop(0)
            out.append("<hr>")
        elif "|" in line and len(lines) > 1 and DIVIDER.fullmatch(lines[1]) and "-" in lines[1]:
            out.append(_table(lines))
        elif line.startswith(">"):
            quoted = _while(lines, lambda one: one.startswith(">"))
            inner = _blocks([one[1:].removeprefix(" ") for one in quoted])
            out.append(f"<blockquote>{''.join(inner)}</blockquote>")
        elif BULLET.fullmatch(line):
            out.append(_listed(_while(lines, lambda one: bool(one.strip()) and not _ends(one))))
        else:
            out.append(_paragraph(lines))
    return out


def _while(lines: list[str], wanted: Callable[[str], bool]) -> list[str]:
    taken = []
    while lines and wanted(lines[0]):
        taken.append(lines.pop(0))
    return taken


def _ends(line: str) -> bool:
    """Whether a line begins another kind of block."""
    patterns = (HEADING, FENCE, RULE, FOLDING)
    return line.startswith(">") or any(one.fullmatch(line) for one in patterns)


def _paragraph(lines: list[str]) -> str:
    taken = [lines.pop(0)]
    taken += _while(
        lines, lambda one: bool(one.strip()) and not _ends(one) and not BULLET.fullmatch(one)
    )
    return f"<p>{'<br>'.join(inline(one.strip()) for one in taken)}</p>"


def _fenced(lines: list[str], mark: str) -> str:
    lines.pop(0)
    body = _while(lines, lambda one: not one.strip().startswith(mark))
    if lines:
        lines.pop(0)
    return f"<pre><code>{escape(chr(10).join(body))}</code></pre>"


def _listed(lines: list[str]) -> str:
    """One level with items that may go on over lines, and deeper lists inside of items."""
    first = BULLET.fullmatch(lines[0])
    assert first is not None
    items: list[list[str]] = []
    for line in lines:
        found = BULLET.fullmatch(line)
        if found and len(found[1]) <= len(first[1]):
            items.append([found[3]])
        else:
            items[-1].append(line)
    tag = "ol" if first[2] else "ul"
    return f"<{tag}>{''.join(_item(item) for item in items)}</{tag}>"


def _item(lines: list[str]) -> str:
    head, rest = lines[0], lines[1:]
    for mark, box in (("[ ] ", "☐ "), ("[x] ", "☑ "), ("[X] ", "☑ ")):
        if head.startswith(mark):
            head = box + head[len(mark) :]
    inner = _blocks(rest) if any(BULLET.fullmatch(one) for one in rest) else []
    more = "" if inner else "".join(f"<br>{inline(one.strip())}" for one in rest)
    return f"<li>{inline(head)}{more}{''.join(inner)}</li>"


def _table(lines: list[str]) -> str:
    rows = _while(lines, lambda one: "|" in one)
    cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows]
    head = "".join(f"<th>{inline(cell)}</th>" for cell in cells[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{inline(cell)}</td>' for cell in row)}</tr>" for row in cells[2:]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def inline(text: str) -> str:
    """Code spans are set aside first, so that nothing inside of them is a mark."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\0{len(kept) - 1}\0"

    text = escape(text.replace("\0", ""), quote=True)
    text = CODE.sub(lambda found: keep(f"<code>{found[2].strip()}</code>"), text)
    text = LINK.sub(lambda found: keep(_link(found[2], found[1])), text)
    text = URL.sub(lambda found: keep(_link(found[0], found[0])), text)
    for pattern, replacement in EMPHASIS:
        text = pattern.sub(replacement, text)
    for name, sign in EMOJI.items():
        text = text.replace(name, sign)
    for _ in range(3):  # a code span in the label of a link in emphasis
        text = re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)
    return text


def _link(url: str, label: str) -> str:
    return f'<a href="{url}" rel="nofollow noopener">{label}</a>'
