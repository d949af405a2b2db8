"""A job's proxy as its runner sees it: a process that is started with the job and ends with it."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import IO

import dishwasher
from dishwasher.core.environment import INDEXES, PROXY
from dishwasher.core.network import Network, Scope
from dishwasher.errors import InfraError
from dishwasher.runner.egress.machine import LOOPBACK, Machine, machine

PORT = 60_999
"""Of the proxy, on a loopback that is the job's own: the last that a kernel gives out by itself, so
that no server has it by habit."""
PROXIED = (Scope.PUBLIC, Scope.LISTED)
UNUSABLE = (
    "The machine's proxy is one of {kind}: a job with a network of its own goes on through one of "
    "plain HTTP only, and does without this."
)
LEAVE_SECONDS = 5.0
PACKAGES = str(Path(dishwasher.__file__).parents[1])
_PROGRAM = (
    f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {PACKAGES!r}); "
    "from dishwasher.runner.egress.program import main; main()"
)
_OF_TOOLS = frozenset(name for name in INDEXES if "proxy" in name.lower()) - {"GOPROXY"}

Say = Callable[[str], None]


class Gate:
    """Open it with the listeners of the job's own loopback, by port; they are closed here."""

    def __init__(
        self, network: Network, machine: Machine, listeners: Mapping[int, int], say: Say
    ) -> None:
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM)
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                pass_fds=tuple(listeners.values()),
                start_new_session=True,
            )
        except OSError as error:
            raise InfraError(f"The way out of a job's network does not start: {error}") from error
        finally:
            for descriptor in listeners.values():
                os.close(descriptor)
        served = [(number, 0 if port == PORT else port) for port, number in listeners.items()]
        data = marshal.dumps((served, (str(network.scope), network.hosts), astuple(machine)))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(len(data).to_bytes(4, "big") + data)
        self._process.stdin.flush()
        words = self._process.stdout
        # Until it ends, whatever becomes of us.
        self._teller = threading.Thread(target=_repeat, args=(words, say), daemon=True)
        self._teller.start()

    def close(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._teller.join()
        process.stdout.close()


def _repeat(words: IO[bytes], say: Say) -> None:
    for line in words:
        say(line.decode("utf-8", "replace").rstrip("\n"))


@dataclass(frozen=True, slots=True)
class Way:
    """The way out of a network that is the job's own: a gate, or none at all."""

    network: Network
    host: Mapping[str, str]
    """The machine's variables."""

    @property
    def ports(self) -> tuple[int, ...]:
        """Those of the job's loopback that a gate serves."""
        return (PORT, *machine(self.host).doors) if self.network.scope in PROXIED else ()

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a job's programs find their proxy, in place of the machine's own."""
        if not self.ports:
            # Empty: the machine's proxy is out of reach, and services on localhost are not.
            return dict.fromkeys(sorted((PROXY | _OF_TOOLS) & set(self.host)), "")
        url, direct = f"http://127.0.0.1:{PORT}", ",".join((*LOOPBACK, "0.0.0.0", ".localhost"))
        found = dict.fromkeys(sorted({*PROXY, *(_OF_TOOLS & set(self.host))}), url)
        return {**found, "no_proxy": direct, "NO_PROXY": direct}

    def open(
        self, listeners: Mapping[int, int], say: Say, after: Callable[[], None]
    ) -> Callable[[], None]:
        """A gate; answers what closes it, and then does what is to be done `after`."""
        known = machine(self.host)
        if known.unusable:
            say(UNUSABLE.format(kind=known.unusable))
        gate = Gate(self.network, known, listeners, say)

        def close() -> None:
            gate.close()
            after()

        return close
