"""`.dishwasher.yml`, Dishwasher's own format; docs/config.md describes it."""

from dishwasher.formats.native.document import parse, schema

__all__ = ["parse", "schema"]
