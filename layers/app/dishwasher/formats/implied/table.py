"""A parsed TOML, JSON or INI file of somebody else's, asked for what may or may not be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping of any content; what is absent or of another kind is empty."""

    content: Any = None

    def __bool__(self) -> bool:
        return isinstance(self.content, dict)

    def __contains__(self, name: str) -> bool:
        return isinstance(self.content, dict) and name in self.content

    def __iter__(self) -> Iterator[str]:
        """Its names that are texts, in the file's order."""
        names = self.content if isinstance(self.content, dict) else ()
        return (name for name in names if isinstance(name, str))

    def table(self, *names: str) -> Table:
        """The mapping below these names."""
        content = self.content
        for name in names:
            content = content.get(name) if isinstance(content, dict) else None
        return Table(content) if isinstance(content, dict) else Table()

    def text(self, name: str) -> str:
        """The text below the name, a number as text."""
        value = self.content.get(name) if isinstance(self.content, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts in the list below the name."""
        value = self.content.get(name) if isinstance(self.content, dict) else None
        items = value if isinstance(value, list) else ()
        return tuple(item for item in items if isinstance(item, str))

    def has_table(self, *names: str) -> bool:
        """Whether a mapping stands below these names, also an empty one."""
        return isinstance(self.table(*names).content, dict)
