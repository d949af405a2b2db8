"""A language's version, as files ask for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Json
from dishwasher.formats.tree import Entry, Scalar

VERSION = r"\d{1,4}(\.\d{1,4}){0,2}|latest"


@dataclass(frozen=True, slots=True)
class Version:
    """A language's version as it was written: `3.10` stays `3.10`."""

    def read(self, entry: Entry, reader: Reader) -> Scalar | None:
        scalar = reader.text(entry)
        if scalar is None or re.fullmatch(VERSION, scalar.text):
            return scalar
        suggestion = "Write one such as `3.12` or `22`, or `latest`."
        reader.note(scalar, "bad-value", f"{show(scalar.text)} is not a version", suggestion)
        return None

    def schema(self) -> Json:
        return {"type": ["string", "number"], "pattern": f"^(?:{VERSION})$"}
