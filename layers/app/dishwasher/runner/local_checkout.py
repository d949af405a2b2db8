"""The exact commit in a folder, from git objects on this machine instead of from a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dishwasher.core.ticket import Source
from dishwasher.runner.checkout import Checkout
from dishwasher.runner.command import Commands


class LocalCheckout(Checkout):
    """Borrows the objects; nothing is written where they are."""

    def __init__(
        self,
        commands: Commands,
        folder: Path,
        environment: Mapping[str, str],
        sleep: Callable[[float], None],
        objects: tuple[Path, ...],
    ) -> None:
        super().__init__(commands, folder, environment, sleep)
        self._objects = objects

    def _check_url(self, source: Source) -> None:
        """There is none: what a clone of one's own has as a remote may hold a password."""

    def _fetch(self, url: str, shas: list[str], environment: Mapping[str, str]) -> None:
        # https://git-scm.com/docs/gitrepository-layout: objects/info/alternates
        info = self._folder / ".git" / "objects" / "info"
        info.mkdir()
        (info / "alternates").write_text("".join(f"{place}\n" for place in self._objects))
