"""What others wrote shows as itself and does nothing, in a real Markdown renderer (case 41)."""

from __future__ import annotations

import html
import re

import pytest
from dishwasher.core.markdown import MAX_BLOCK_BYTES, fenced, folded, inert, printable, sections
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

GITHUB = MarkdownIt("gfm-like", {"html": True})
"""Tables, strikethrough and bare links as on GitHub, and HTML let through as it stands."""
TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("`*_[]()<>#@!|~&:/\\.-+=1aw\n\t "))
HOSTILE = [
    "@org/team please look",
    "#1 and GH-1 and acme/site#2",
    "</details></div><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![pixel](https://example.com/p.png)",
    "https://example.com/ www.example.com ftp://example.com mailto:a@example.com HTTPS://EXAMPLE.COM",
    "<https://example.com>",
    "a@example.com",
    "| a | b |\n|---|---|\n| c | d |",
    "```\nfence\n~~~~\nfence",
    "# heading",
    "1. item",
    "- item",
    "> quote",
    "    code",
    "***bold*** ~~gone~~ `code`",
    "&lt;b&gt; &#60;b&#62;",
    "===",
    "\\[x](y)",
    "\u202egnp.exe",
    "[x]: https://example.com",
    "$(id) `id` $x$ and $$y$$",
    "<!-- -->",
]
MENTION = re.compile(r"(?<![\w])@[A-Za-z0-9]|(?<!&)#\d|GH-\d")


def shown(markdown: str) -> str:
    """The text that a reader sees, after checking that it is nothing but one paragraph of it."""
    page = GITHUB.render(markdown).strip()
    assert page.startswith("<p>")
    assert page.endswith("</p>")
    inner = page.removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inner
    return html.unescape(inner)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_paragraph_that_shows_itself(text: str) -> None:
    seen = shown(inert(text))
    assert seen.replace("\u2060", "") == printable(" ".join(text.split()))
    assert not MENTION.search(seen)


@given(TEXT)
@example("\\")
@example("-")
@example("www.a")
def test_any_text_is_one_paragraph_that_shows_itself(text: str) -> None:
    line = printable(" ".join(text.split()))[:200]
    if not line or len(line) == 200:
        return
    seen = shown(inert(text))
    assert seen.replace("\u2060", "") == line.replace("\u2060", "")
    assert not MENTION.search(seen)


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com", "[a](b)", "<img>"])
def test_the_renderer_would_have_made_something_of_it(text: str) -> None:
    with pytest.raises(AssertionError):
        shown(text)


def test_a_long_line_is_cut() -> None:
    assert len(inert("x" * 100_000)) == 200
    assert inert("x" * 201).endswith("…")
    assert inert("x" * 200) == "x" * 200


def test_what_turns_writing_around_or_moves_the_cursor_does_not_pass() -> None:
    assert printable("a\x1b[31m\u202e\r\x00b\tc\n") == "a\ufffd[31m\ufffd\ufffd\ufffdb\tc\n"
    assert printable("\ud800").encode() == b"?"


@given(st.lists(TEXT | st.sampled_from(["```", "`" * 9, "~~~", "</pre>"]), max_size=20))
def test_a_block_of_code_holds_its_lines_and_nothing_else(lines: list[str]) -> None:
    tokens = GITHUB.parse(fenced(lines))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content.rstrip("\n") == printable("\n".join(lines)).rstrip("\n")


@given(st.lists(st.sampled_from(["🚀" * 600, "x" * 100_000, "`" * 600, "end"]), max_size=60))
def test_a_block_of_code_keeps_the_last_lines_that_fit(lines: list[str]) -> None:
    block = fenced(lines)
    first, *body, last = block.split("\n")
    assert first == f"{last}text"
    assert len(block.encode()) <= MAX_BLOCK_BYTES + 2 * 502 + 8
    if lines and lines[-1] == "end":
        assert body[-1] == "end"
    assert len(body) <= max(len(lines), 1)


def test_the_beginning_of_a_long_log_is_what_is_left_out() -> None:
    *_, before_last, last, _ = fenced([*["🚀" * 500] * 40, "1 failed", "exit 1"]).split("\n")
    assert (before_last, last) == ("1 failed", "exit 1")


def test_a_line_of_a_block_is_cut() -> None:
    assert fenced(["x" * 501], line_limit=500) == f"```text\n{'x' * 499}…\n```"


@given(st.text("a🚀é\n", max_size=400), st.integers(60, 300))
def test_a_cut_text_fits_and_says_so(text: str, limit: int) -> None:
    kept = sections([text], limit)
    assert len(kept.encode()) <= limit
    if len(text.encode()) <= limit:
        assert kept == text
    else:
        beginning, _, notice = kept.rpartition("\n\n")
        assert text.startswith(beginning)
        assert notice.startswith("*Cut here")


@given(st.lists(st.text("a🚀é", min_size=1, max_size=300), max_size=6), st.integers(60, 300))
def test_sections_are_whole_or_left_out(parts: list[str], limit: int) -> None:
    text = sections(parts, limit)
    whole = "\n\n".join(parts)
    assert len(text.encode()) <= limit
    if len(whole.encode()) <= limit - 60:
        assert text == whole
    elif text != whole:
        assert text.endswith("*Cut here; the whole is on the job's page.*")
        *kept, _ = text.split("\n\n")
        assert kept == parts[: len(kept)] or parts[0].startswith(kept[0])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_that_is_clicked_shows_itself(text: str) -> None:
    page = GITHUB.render(folded(text, "- *one*"))
    title, _, body = page.partition("</summary>")
    inner = title.removeprefix("<details><summary>")
    assert "<" not in inner
    seen = html.unescape(inner)
    assert seen.replace("\u2060", "") == printable(" ".join(text.split()))
    assert not MENTION.search(seen)
    assert "<em>one</em>" in body and page.rstrip().endswith("</details>")
