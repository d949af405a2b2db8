"""Templates, all escaped by default, and the filters that they use."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from dishwasher.core.rendering import size


def render(name: str, **values: object) -> str:
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["moment"] = _moment
    environment.filters["words"] = _words
    environment.filters["size"] = size
    environment.filters["code"] = _code
    return environment


def _template(name: str) -> str:
    return files("dishwasher.web").joinpath("templates", name).read_text(encoding="utf-8")


def _code(text: str) -> Markup:
    """What stands between backticks as code, all of it escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    pieces = (
        Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts)
    )
    return Markup("").join(pieces)


def _moment(seconds: float) -> str:
    """For `<time datetime>`; the page's script tells from it how long ago that was."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _words(seconds: float) -> str:
    """What a reader without the script sees."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
