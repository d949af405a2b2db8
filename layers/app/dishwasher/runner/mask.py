"""The one door through which words leave a runner: no secret passes, in any spelling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from dishwasher.core.mask import Masker, Sought, needles

T = TypeVar("T")

READ = 256 * 1024
WITHHELD = "[dishwasher] withheld: its secrets could not be masked"


class Mask:
    """Knows the secrets of one job."""

    def __init__(self, secrets: Iterable[tuple[str, str]] = ()) -> None:
        """`secrets` are names and values."""
        named = tuple(secrets)
        found, short = needles(value for _, value in named)
        self._needles = Sought(found)
        self.too_short = tuple(name for name, value in named if value in short)
        """Names of secrets that would take every such letter out of the log, and are shown."""

    def __bool__(self) -> bool:
        return bool(self._needles)

    def stream(self) -> Masker:
        """For bytes that come in parts."""
        return Masker(self._needles)

    def text(self, text: str) -> str:
        if not self._needles:
            return text
        masked = self.bytes(text.encode("utf-8", "surrogatepass"))
        return masked.decode("utf-8", "surrogatepass")

    def bytes(self, data: bytes) -> bytes:
        try:
            masker = self.stream()
            return masker.feed(data) + masker.finish()
        except Exception:
            # Whatever is wrong here, the text may hold a secret: it is not shown.
            return WITHHELD.encode()

    def passes(self, text: str) -> bool:
        """Nothing in it has to be masked, for what can not be used when something is."""
        return self.text(text) == text

    def files(self, folder: Path) -> None:
        """Mask what programs have written below a folder of ours, past every other door."""
        if not self._needles or not folder.is_dir():
            return
        for place in sorted(folder.iterdir()):
            masked = place.with_name(f"{place.name}.masked")
            masker = self.stream()
            with place.open("rb") as source, masked.open("wb") as target:
                while data := source.read(READ):
                    target.write(masker.feed(data))
                target.write(masker.finish())
            masked.replace(place)

    def value(self, value: T) -> T:
        """A frozen dataclass, or what one holds, with every text masked."""
        return self._value(value) if self._needles else value

    def _value(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(self._value(item) for item in value)
        if is_dataclass(value) and not isinstance(value, type):
            held = {field.name: getattr(value, field.name) for field in fields(value)}
            changed = {
                name: masked
                for name, one in held.items()
                if (masked := self._value(one)) is not one and masked != one
            }
            return replace(value, **changed) if changed else value
        return value
