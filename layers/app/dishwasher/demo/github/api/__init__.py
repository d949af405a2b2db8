"""The endpoints of the REST API, one noun a module."""

from __future__ import annotations

from importlib import import_module

__all__ = ["load"]

NOUNS = (
    "apps",
    "check_runs",
    "check_suites",
    "comments",
    "commits",
    "contents",
    "deliveries",
    "deployments",
    "people",
    "pulls",
    "references",
    "repositories",
    "tarballs",
)


def load() -> None:
    """Import every noun, which registers its routes."""
    for noun in NOUNS:
        import_module(f"{__name__}.{noun}")
