"""The servers of one job: started together, waited for, and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dishwasher.errors import InfraError, UserError
from dishwasher.runner import removal
from dishwasher.runner.artifacts import open_regular
from dishwasher.runner.place import Process, has_ended
from dishwasher.runner.sandbox import accounts
from dishwasher.runner.sandbox.enclosed import OPEN, Enclosed
from dishwasher.runner.services import ports
from dishwasher.runner.services.naming import DATABASES, Named, named
from dishwasher.runner.services.recipe import PATH, Place, Recipe
from dishwasher.runner.services.table import RECIPES
from dishwasher.runner.stop import Stop, Stopped

READY_SECONDS = 60.0
"""From its start to its first answer; a loaded machine takes a few seconds."""
SLOT_SECONDS = 1800.0
"""How long a job waits for a fixed port that another job of this machine has."""
LEAVE_SECONDS = 5.0
PAUSE = 0.02
SAID = 2_000
"""Characters of a server's own last words in an error."""
LOGGED = 1024 * 1024
"""Bytes of a server's log that are looked through."""
USUAL_DATABASE = "circle_test"
USUAL_USERS = ("ubuntu", "root", "postgres")
"""What circle.yml files rely on: https://circleci.com/docs/1.0/environment/#databases"""

Say = Callable[[str], None]


@dataclass(slots=True)
class _Server:
    recipe: Recipe
    place: Place
    slot: ports.Slot | None
    log: Path
    process: Process | None = None


@dataclass(slots=True)
class Services:
    """Start them once, `end` them in any case; `environment` tells clients where they are."""

    stop: Stop
    say: Say
    servers: list[_Server] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    inside: Enclosed = OPEN
    """The job's sandbox, in which they are too: a database's superuser can run commands."""
    logs_in: Path | None = None
    """A folder that the job can not reach; needed with a sandbox."""

    def start(self, names: Collection[str], environment: Mapping[str, str]) -> None:
        """Raises UserError for what this machine lacks, InfraError, or Stopped."""
        recipes = [_recipe(name) for name in dict.fromkeys(names)]
        for recipe in recipes:
            recipe.check()
        alone = len(DATABASES.intersection(names)) == 1
        wanted = [(one, named(one.name, environment, alone=alone)) for one in recipes]
        # One order for all jobs: two that want the same ports never wait for each other.
        for recipe, found in sorted(wanted, key=lambda pair: _fixed(*pair)):
            self.servers.append(self._placed(recipe, found))
        with ThreadPoolExecutor(max_workers=max(1, len(self.servers))) as pool:
            for done in [pool.submit(self._serve, server) for server in self.servers]:
                done.result()
        for server in self.servers:
            self.environment.update(server.recipe.environment(server.place))

    def write_settings(self, home: Path) -> None:
        """The files in the job's HOME by which clients find the servers."""
        for server in self.servers:
            name, text = server.recipe.settings(server.place)
            if name:
                (home / name).write_text(text)

    @property
    def pids(self) -> frozenset[int]:
        return frozenset(server.process.pid for server in self.servers if server.process)

    def logs(self) -> tuple[tuple[str, Path], ...]:
        """What the servers have printed, for a job that failed."""
        return tuple((f"{one.recipe.name}.log", one.log) for one in self.servers)

    def end(self) -> None:
        """Kill them: nobody reads their data again."""
        for server in self.servers:
            if server.process is not None:
                _leave(server.process, server.recipe.leave)
            removal.clear(server.place.folder)
            if server.slot is not None:
                server.slot.free()
        self.servers.clear()

    def advice(self) -> tuple[str, ...]:
        """What this machine lacks, by what the servers have printed."""
        return tuple(
            advice
            for server in self.servers
            if (advice := server.recipe.advice(server.place, _end_of(server.log)))
        )

    def _placed(self, recipe: Recipe, found: Named) -> _Server:
        port, slot = self._port(recipe, found)
        walled = self.inside.cell is not None
        account = recipe.account() if os.geteuid() == 0 and not walled else None
        folder = Path(
            tempfile.mkdtemp(prefix=f"dishwasher-{recipe.name}-", dir=self.inside.services)
        )
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        self.inside.give(folder)
        usual = (*USUAL_USERS, accounts.name_of(os.geteuid()))
        users = {**dict.fromkeys(usual, ""), **found.users}
        databases = tuple(sorted({*found.databases, USUAL_DATABASE}))
        place = Place(folder, port, account, tuple(sorted(users.items())), databases)
        return _Server(recipe, place, slot, (self.logs_in or folder) / f"{recipe.name}.log")

    def _port(self, recipe: Recipe, found: Named) -> tuple[int, ports.Slot | None]:
        """The usual port, or the one that an address names; another only if clients look it up."""
        fixed = _fixed(recipe, found)
        if not self.inside.network:
            return fixed, None
        slot = ports.Slot(fixed)
        may_move = recipe.movable and not found.ports
        if slot.take():
            if may_move and not ports.is_free(fixed):
                slot.free()
                self.say(f"Port {fixed} is another program's: it may be found in place of ours.")
                return ports.any_free(), None
        elif may_move and found.is_found:
            # Whoever writes an address without a port leaves the port to the client's library.
            # Settings of Django often name the usual one, so without an address nobody moves.
            slot.free()
            return ports.any_free(), None
        try:
            self._wait_for(recipe, slot)
        except BaseException:
            slot.free()
            raise
        return fixed, slot

    def _wait_for(self, recipe: Recipe, slot: ports.Slot) -> None:
        until = time.monotonic() + SLOT_SECONDS
        told = False
        while not slot.take():
            if not told:
                self.say(f"Port {slot.port} for {recipe.name} is used by another job; waiting.")
                told = True
            self._check(until, f"Another job keeps port {slot.port}, which {recipe.name} needs.")
            time.sleep(PAUSE * 10)
        if not ports.is_free(slot.port):
            raise UserError(
                f"{recipe.name} needs port {slot.port}, and a program of this machine that is no "
                "job of ours has it. Stop that program."
            )

    def _serve(self, server: _Server) -> None:
        place = server.place
        for argv, words in (server.recipe.prepare(place), server.recipe.seed(place)):
            if argv:
                self._prepare(server, argv, words)
        server.process = self._begin(server, server.recipe.start(place))
        self._await(server)

    def _prepare(self, server: _Server, argv: tuple[str, ...], words: bytes) -> None:
        if words:
            file = server.place.folder / "words"
            file.write_bytes(words)
            argv = ("/bin/sh", "-c", 'words=$1; shift; exec "$@" <"$words"', "sh", str(file), *argv)
        process = self._begin(server, argv)
        try:
            process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise self._broken(server, f"is not set up within {READY_SECONDS:g} s") from error
        if process.returncode:
            raise self._broken(server, f"could not be set up ({Path(argv[0]).name})")

    def _await(self, server: _Server) -> None:
        began = time.monotonic()
        process = server.process
        while not self._is_ready(server):
            if process is None or has_ended(process):
                raise self._broken(server, "ended at once")
            self._check(began + READY_SECONDS, f"{server.recipe.name} does not become ready.")
            time.sleep(PAUSE)
        seconds = time.monotonic() - began
        self.say(f"{server.recipe.name} is ready on port {server.place.port} ({seconds:.1f} s)")

    def _is_ready(self, server: _Server) -> bool:
        place, cell = server.place, self.inside.cell
        if cell is not None and not self.inside.network:
            return ports.listens(place.port, cell.supervisor)
        return server.recipe.is_ready(place)

    def _begin(self, server: _Server, argv: tuple[str, ...]) -> Process:
        """In a session of its own, as its own user, with an environment of almost nothing."""
        place = server.place
        account = place.account
        # A server's own settings must not come from whoever started us.
        environment = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": str(place.folder)}
        with server.log.open("ab") as log:
            if self.inside.cell is not None:
                return self.inside.cell.start(argv, place.folder, environment, log.fileno())
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=place.folder,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )

    def _check(self, until: float, late: str) -> None:
        if self.stop.cause is not None:
            raise Stopped
        if time.monotonic() > until:
            raise InfraError(late)

    def _broken(self, server: _Server, what: str) -> InfraError:
        said = server.log.read_text("utf-8", "replace").strip()[-SAID:]
        return InfraError(f"{server.recipe.name} {what}: {said or 'it said nothing'}")


def _leave(process: Process, number: signal.Signals) -> None:
    for last in (number, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, last)
        with suppress(subprocess.TimeoutExpired):
            process.wait(LEAVE_SECONDS)
            return


def _recipe(name: str) -> Recipe:
    recipe = RECIPES.get(name)
    if recipe is None:
        known = ", ".join(RECIPES)
        raise UserError(f"There is no service {name} here; there is {known}.")
    return recipe


def _fixed(recipe: Recipe, found: Named) -> int:
    """The port that clients look at without being told of another."""
    return min(found.ports, default=recipe.port)


def _end_of(log: Path) -> str:
    """The last of what a server has printed."""
    try:
        with open_regular(str(log)) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LOGGED))
            return file.read(LOGGED).decode("utf-8", "replace")
    except OSError:
        return ""
