"""Releases are taken from whoever has the token, for the environments that there are."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.demo.hosting import Hosting

SECONDS = 10.0


@pytest.fixture
def hosting(tmp_path: Path) -> Iterator[Hosting]:
    made = Hosting(tmp_path / "hosting")
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("staging/1f3c", "", 401),
        ("staging/1f3c", "guessed", 401),
        ("elsewhere/1f3c", None, 404),
        ("staging/..%2f..%2fetc", None, 404),
    ],
)
def test_what_is_not_a_release_of_the_team_is_refused(
    hosting: Hosting, tmp_path: Path, path: str, token: str | None, status: int
) -> None:
    headers = {"Authorization": f"Bearer {hosting.token if token is None else token}"}
    request = urllib.request.Request(f"{hosting.url}/{path}", b"x", headers, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=SECONDS)
    with refused.value:
        assert refused.value.code == status
    assert list((tmp_path / "hosting" / "staging").iterdir()) == []
