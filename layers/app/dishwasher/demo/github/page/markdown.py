"""Text that anyone may have written, as GitHub shows it: Markdown, then HTML from an allow-list."""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

__all__ = ["render"]

TAGS = frozenset(
    {
        *("a", "blockquote", "br", "code", "del", "details", "em", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "hr", "li", "ol", "p", "pre", "s", "strong", "summary"),
        *("table", "tbody", "td", "th", "thead", "tr", "ul"),
    }
)
"""Of what GitHub keeps, what bots use; images are left out, for there is no network here."""
ATTRIBUTES = {"a": {"href"}, "details": {"open"}, "ol": {"start"}}


def render(text: str | None) -> Markup:
    """Safe HTML, every element of it closed."""
    html = _parser().render(text or "")
    return Markup(nh3.clean(html, set(TAGS), attributes=ATTRIBUTES, link_rel="nofollow noopener"))


@cache
def _parser() -> MarkdownIt:
    # GitHub breaks lines in comments and check runs where the text does.
    return MarkdownIt("gfm-like", {"html": True, "breaks": True})
