"""One table of the names of servers, for what reads them and what runs them."""

from __future__ import annotations

from dishwasher.core.service import NAMES, PORTS, STARTABLE
from dishwasher.runner.services.table import RECIPES


def test_every_name_leads_to_a_server_with_a_port() -> None:
    assert set(NAMES.values()) == set(PORTS.values())
    assert all(NAMES[name] == name for name in PORTS.values())


def test_every_server_that_can_be_started_has_a_name() -> None:
    assert set(NAMES.values()) >= STARTABLE


def test_a_server_is_started_where_its_port_says() -> None:
    assert {PORTS[str(recipe.port)] for recipe in RECIPES.values()} == STARTABLE
