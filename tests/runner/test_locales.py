from __future__ import annotations

import pytest
from dishwasher.runner.locales import PLAIN, present


@pytest.mark.parametrize("name", ["C", "POSIX", PLAIN])
def test_what_is_there_is_kept(name: str) -> None:
    assert present(name) == name


@pytest.mark.parametrize("name", ["xx_XX.UTF-8", "../../etc/passwd", "no such"])
def test_what_is_not_there_becomes_what_always_is(name: str) -> None:
    assert present(name) == PLAIN
