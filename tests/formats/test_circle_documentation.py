"""docs/circle.md says what formats/circle does."""

from __future__ import annotations

from pathlib import Path

from dishwasher.core.service import STARTABLE
from dishwasher.formats.circle import commands, inference, phases

TEXT = (Path(__file__).parents[2] / "docs" / "circle.md").read_text(encoding="utf-8")


def test_it_names_the_phases_in_their_order() -> None:
    names = ", ".join(f"`{name}`" for name in (*phases.SET_UP, phases.TEST))
    assert names in TEXT.replace("\n  ", " ")


def test_it_names_every_modifier_and_the_default_of_the_timeout() -> None:
    assert all(f"`{key.name}`" in TEXT for key in commands.MODIFIERS.keys)
    assert f"; {commands.SILENCE:g} if it says nothing" in TEXT


def test_it_names_every_file_that_implies_something() -> None:
    assert all(f"| `{name}`" in TEXT for name in (*inference.PYTHON, "package.json", "bower.json"))


def test_it_names_every_service_that_starts() -> None:
    assert all(name in TEXT.casefold() for name in STARTABLE)
