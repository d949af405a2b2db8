"""A picture for a README: how the newest build of a branch ended."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dishwasher.core.history import Entry
from dishwasher.core.job import Conclusion
from dishwasher.web.history import JUDGED
from dishwasher.web.tone import CONCLUDED

LABEL = "build"
COLOUR = {
    Conclusion.SUCCESS: "#1a7f47",
    Conclusion.NEUTRAL: "#1a7f47",
    Conclusion.FAILURE: "#cf2f3d",
    Conclusion.TIMED_OUT: "#cf2f3d",
}
UNKNOWN = "#5f6b78"
HEIGHT = 20
CHARACTER = 6.4
"""Width of a letter of the font below, in pixels, in the mean."""
PADDING = 7.0
_PICTURE = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" '
    'aria-label="{label}: {word}"><title>{label}: {word}</title>'
    '<clipPath id="r"><rect width="{width}" height="{height}" rx="3"/></clipPath>'
    '<g clip-path="url(#r)"><rect width="{left}" height="{height}" fill="#3b434d"/>'
    '<rect x="{left}" width="{right}" height="{height}" fill="{colour}"/></g>'
    '<g fill="#fff" text-anchor="middle" '
    'font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
    '<text x="{label_at}" y="14">{label}</text><text x="{word_at}" y="14">{word}</text></g></svg>'
)


def badge(newest: Sequence[Entry], branch: str) -> str:
    """SVG; what was cancelled or skipped says nothing of a branch and is passed over."""
    found = next((one for one in newest if one.branch == branch and one.conclusion in JUDGED), None)
    conclusion = found.conclusion if found is not None else None
    word = CONCLUDED[conclusion].lower() if conclusion else "unknown"
    if conclusion is Conclusion.NEUTRAL:
        word = CONCLUDED[Conclusion.SUCCESS].lower()
    left, right = _width(LABEL), _width(word)
    return _PICTURE.format(
        width=left + right,
        height=HEIGHT,
        left=left,
        right=right,
        colour=COLOUR[conclusion] if conclusion else UNKNOWN,
        label=LABEL,
        word=word,
        label_at=left / 2,
        word_at=left + right / 2,
    )


def _width(text: str) -> float:
    return round(len(text) * CHARACTER + 2 * PADDING, 1)
