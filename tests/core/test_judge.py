"""Filters held against thousands of names by regexes that nobody has to trust."""

from __future__ import annotations

import time

import pytest
from dishwasher.core.judge import Judge, Unanswered
from dishwasher.core.pattern import Filter, Pattern, Syntax

SLOW, DOCS = Pattern("(a|aa)+", Syntax.REGEX), Pattern("docs/**", Syntax.GLOB)


def test_a_regex_that_is_too_slow_is_tried_on_one_of_many_names() -> None:
    names = [f"{'a' * 60}-{number}" for number in range(3000)]
    judge, began = Judge(), time.monotonic()
    assert not judge.admits_any(Filter((SLOW,)), names)
    assert judge.admits_any(Filter((SLOW, DOCS)), [*names, "docs/index.rst"])
    assert judge.admits_any(Filter(ignore=(SLOW,)), names)
    assert not judge.admits_any(Filter(ignore=(DOCS,)), ["docs/a", "docs/b"])
    assert time.monotonic() - began < 5


def test_one_name_gets_an_answer_or_none() -> None:
    assert Judge().admits(Filter((DOCS, SLOW)), "docs/a")
    assert not Judge().admits(Filter((DOCS,)), "a")
    with pytest.raises(Unanswered, match="takes too long on aaa"):
        Judge().admits(Filter((DOCS, SLOW)), "a" * 60 + "-")
