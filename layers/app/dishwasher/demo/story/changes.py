"""What the people of the story change in the sample."""

from __future__ import annotations

from dishwasher.demo.scene import SAMPLE

MENU = "app/bakery/templates/bakery/menu.html"
PRICES = "app/bakery/prices.py"
RECIPE = "recipes/rye.txt"
README = "README.md"
DOCS = "docs/conf.py"
CONFIG = ".dishwasher.yml"

LINT_ERROR = ("from decimal import Decimal\n", "import os\nfrom decimal import Decimal\n")
BUG = ("net * (1 + VAT)", "net * VAT")
TYPO = ("Fresh from the oven", "Freshly recieved from the oven")
WRONG_NAME = ("Müller & Söhne", "Mueller & Söhne")
MENDED = ("Fresh from the oven", "Freshly received from the oven")


def edited(path: str, *changes: tuple[str, str]) -> str:
    """The sample's file with each first text replaced by the second."""
    text = (SAMPLE / path).read_text()
    for old, new in changes:
        if old not in text:
            raise LookupError(f"{path} holds no {old!r}")
        text = text.replace(old, new)
    return text


def recipe(water: int) -> str:
    """Rye bread with so many grams of water."""
    return f"Rye bread: 1 kg flour, {water} g water, 20 g salt. 60 minutes at 200 degrees.\n"


def line_of(text: str, part: str) -> int:
    """1-based number of the first line with this part."""
    return next(n for n, line in enumerate(text.split("\n"), 1) if part in line)
