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
        git = self._folder / ".git"
        (git / "objects" / "info").mkdir()
        lent = "".join(f"{place}\n" for place in self._objects)
        (git / "objects" / "info" / "alternates").write_text(lent)
        # Of a shallow clone: where its history ends has to be known, or git takes it for broken.
        ends = [place.parent / "shallow" for place in self._objects]
        known = {line for end in ends if end.is_file() for line in end.read_text().split()}
        if known:
            (git / "shallow").write_text("".join(f"{sha}\n" for sha in sorted(known)))
