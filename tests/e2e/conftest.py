"""One bot for the tests of a module; each test brings its own repository."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.world import World


@pytest.fixture(autouse=True)
def gates_open_at_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that failed must not leave its jobs where they hold the runners of the next."""
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").open_gates()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    try:
        yield world.start()
    finally:
        world.close()
    assert world.github.violations == []
