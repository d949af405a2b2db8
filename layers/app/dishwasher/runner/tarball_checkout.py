"""The exact commit in a folder from a tarball, where there is no git to fetch it with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import dishwasher
from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import download
from dishwasher.runner.checkout import GONE, MISSING_TRIES, NETWORK_TRIES, PAUSE, Checkout, Missing
from dishwasher.runner.command import Commands
from dishwasher.runner.stop import Stopped
from dishwasher.runner.tar import Damaged
from dishwasher.runner.tarball import PACKED, Tarball

PACKAGES = str(Path(dishwasher.__file__).parents[1])
SAID = 4096
_PROGRAM = (
    f"import os, sys; sys.dont_write_bytecode = True; sys.path.insert(0, {PACKAGES!r}); "
    "from dishwasher.runner.download import main; sys.exit(main(sys.argv[1:], os.environ))"
)
WHOLE = (
    "This job needs {what}, which a tarball does not have: install git on the machine that runs "
    "it, in the version that `dishwasher serve` names at its start. On AWS, give the stack a "
    "`RunnerImage`, which has it (docs/aws.md)."
)


class TarballCheckout(Checkout):
    """`folder` gets the files alone: there is no `.git`, and git is not told of anything."""

    def __init__(
        self,
        commands: Commands,
        folder: Path,
        environment: Mapping[str, str],
        sleep: Callable[[float], None],
        say: Callable[[str], None],
        limit: int = PACKED,
    ) -> None:
        super().__init__(commands, folder, environment, sleep)
        self._say, self._limit = say, limit

    def run(self, source: Source, history: bool = False) -> str:
        # Not ours to try again: the next runner of this machine has no git either.
        if history:
            raise UserError(WHOLE.format(what="the history of its commit"))
        if source.base_sha:
            raise UserError(WHOLE.format(what="the lines that were changed"))
        return super().run(source)

    def _check_url(self, source: Source) -> None:
        """That of the tarball: a name of a host and a path, without a user."""
        super()._check_url(Source(source.tarball.partition("?")[0], source.sha))

    def _obtain(self, source: Source, environment: Mapping[str, str]) -> str:
        # Beside the checkout: it must not be among the commit's files.
        archive = self._folder.with_name("tarball")
        self._say("By a tarball, because there is no git: no history, and no `git` for the steps")
        try:
            self._download(source, archive)
            with archive.open("rb") as file:
                notes = Tarball(self._folder, self._alive).read(
                    file, source.sha, archive.stat().st_size
                )
        except Damaged as error:
            raise InfraError(
                f"The tarball of {source.sha[:12]} can not be used: {error}"
            ) from error
        finally:
            archive.unlink(missing_ok=True)
        for note in notes:
            self._say(note)
        return ""

    def _alive(self) -> None:
        if self._commands.is_over():
            raise Stopped

    def _download(self, source: Source, archive: Path) -> None:
        """Again where that may help."""
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM, source.tarball, str(archive))
        network = missing = 0
        while True:
            code, said = self._run((*argv, str(self._limit)), source.token)
            if code == download.DONE:
                return
            if code == download.MISSING:
                missing += 1
                if missing >= MISSING_TRIES:
                    raise Missing(GONE.format(sha=source.sha), said)
            elif code in (download.DENIED, download.LARGE):
                raise InfraError(f"The tarball of {source.sha[:12]} can not be had: {said}")
            else:
                network += 1
                if network >= NETWORK_TRIES:
                    raise InfraError(f"The tarball could not be fetched {network} times: {said}")
            self._sleep(PAUSE * max(network, missing))

    def _run(self, argv: tuple[str, ...], token: str) -> tuple[int, str]:
        """Exit code and words; the token is in no argument, which all users of a machine can read.

        Raises Stopped.
        """
        said = bytearray()

        def keep(data: bytes) -> None:
            said.extend(data[: SAID - len(said)])

        environment = {**self._environment, "DISHWASHER_TOKEN": token}
        ended = self._commands.run(argv, self._folder, environment, keep)
        if ended.exit_code is None:
            raise Stopped
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return ended.exit_code, lines[-1][:500] if lines else "it said nothing"
