"""No query of every day reads more rows than it answers, however many there are."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from dishwasher.local import index, queue, repositories, retention, stock, store, vault
from dishwasher.local.database import Database
from dishwasher.wiring import metrics

MODULES = (store, queue, index, vault, metrics, repositories, retention, stock)
QUERY = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b")
SEARCH = re.compile(
    r"SEARCH (?P<table>\w+) USING (?:COVERING )?(?:INDEX \w+|PRIMARY KEY) (?P<by>.*)"
)
READS_MANY = {
    # Once for each start, and for each look at /metrics: of what waits now, not of what was.
    "queue.RECOVER",
    "metrics.MESSAGES",
    # For a person who names a repository that has no build.
    "repositories.HEARD",
    # Once an hour: the sizes alone, from an index.
    "stock.TOTAL",
}
"""Those that read a whole table or kind, and when."""


def queries(module: ModuleType) -> dict[str, str]:
    name = module.__name__.rpartition(".")[2]
    return {
        f"{name}.{key}": text
        for key, text in vars(module).items()
        if isinstance(text, str) and key.isupper() and QUERY.match(text)
    }


ALL = {name: text for module in MODULES for name, text in queries(module).items()}


def plan(database: Database, query: str) -> list[str]:
    """What SQLite does for it: https://www.sqlite.org/eqp.html"""
    named = set(re.findall(r":(\w+)", query))
    values: object = dict.fromkeys(named, 1) if named else (1,) * query.count("?")
    with database.reading() as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", values)  # type: ignore[arg-type]
        return [detail for *_, detail in rows]


CONSTANT = ("SCAN CONSTANT ROW", "SCAN known", "SCAN newest")
"""Rows that the query itself has made."""


def reads_many(steps: list[str]) -> list[str]:
    """Steps that go through a whole table, or through all rows of a kind."""
    found = []
    for step in steps:
        search = SEARCH.match(step)
        whole = step.startswith("SCAN ") and step not in CONSTANT
        if whole or (search and search["table"] == "rows" and search["by"] == "(kind=?)"):
            found.append(step)
    return found


def test_the_queries_of_the_table_and_of_the_queue_are_all_seen() -> None:
    assert {"store.GET", "store.GROUP", "store.LATEST", "store.DUE", "queue.NEXT"} <= ALL.keys()
    assert {"queue.RING", "queue.TAKE", "queue.FORGET", "index.REPOSITORIES"} <= ALL.keys()
    assert ALL.keys() >= READS_MANY


@pytest.mark.parametrize("name", sorted(ALL.keys() - READS_MANY))
def test_a_query_of_every_day_reads_no_more_than_it_answers(database: Database, name: str) -> None:
    assert reads_many(plan(database, ALL[name])) == []


@pytest.mark.parametrize("name", ["store.GROUP", "store.LATEST", "store.DUE", "queue.NEXT"])
def test_rows_come_in_their_order_and_are_not_sorted(database: Database, name: str) -> None:
    assert not [step for step in plan(database, ALL[name]) if "TEMP B-TREE" in step]


@pytest.mark.parametrize("name", sorted(READS_MANY))
def test_what_reads_many_rows_is_noticed(database: Database, name: str) -> None:
    assert reads_many(plan(database, ALL[name]))
