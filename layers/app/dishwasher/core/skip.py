"""What in a commit's message asks that nothing be run for it."""

from __future__ import annotations

SKIP_TEXTS = ("[skip ci]", "[ci skip]", "[no ci]", "[skip dishwasher]", "skip-checks: true")
"""Anywhere in a commit's message, in any case: nothing is run for it. The last is GitHub's own.
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks#skipping-and-requesting-checks-for-individual-commits
"""


def skip_text(message: str) -> str:
    """What in a commit's message asks that nothing be run; empty where nothing does."""
    folded = message.casefold()
    return next((text for text in SKIP_TEXTS if text in folded), "")
