"""Text that anyone may have written, as GitHub shows it: its Markdown without any HTML."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

__all__ = ["render"]


def render(text: str | None) -> Markup:
    """HTML of the text; HTML inside of it is shown as text."""
    return Markup(_parser().render(text or ""))


@cache
def _parser() -> MarkdownIt:
    # GitHub breaks lines in comments and check runs where the text does.
    return MarkdownIt("gfm-like", {"html": False, "breaks": True})
