"""A Lambda function: environments under the Runtime Interface Emulator, made when needed."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
"""The emulator itself listens at once, unless others keep this machine busy."""
MARGIN = 30.0
"""Seconds beyond the function's own timeout until the emulator itself is given up."""
TENANTS = 8
"""Whose environments are kept while nobody uses them; Lambda says for no number how long."""
PATH = "/2015-03-31/functions/function/invocations"


@dataclass(frozen=True, slots=True)
class Definition:
    """What CloudFormation has made of a function."""

    name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    timeout: int
    memory: int
    layers: tuple[Path, ...]

    def with_variables(self, more: Mapping[str, str]) -> Definition:
        return replace(self, environment={**self.environment, **more})


@dataclass(frozen=True, slots=True)
class Runtime:
    """The programs that stand for Lambda itself."""

    emulator: Path
    python: Path
    """Has awslambdaric and nothing else."""
    path: str
    """PATH in the environments."""
    folder: Path
    """For logs and for each environment's /tmp."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation answered; `error` is the type of one, as Lambda names it."""

    payload: Any
    error: str
    seconds: float
    cold: bool


def walls() -> tuple[str, ...]:
    """What stands for the virtual machine that an environment is on Lambda, as far as root may.

    Processes of its own alone are in its /proc, and nobody in it has root's powers, as there: a
    function's user is nobody in particular. Everything in it ends with its first process.
    """
    unshare, setpriv = map(shutil.which, ("unshare", "setpriv"))
    if os.geteuid() != 0 or unshare is None or setpriv is None:
        return ()
    return (
        *(unshare, "--pid", "--fork", "--kill-child", "--mount-proc"),
        *(setpriv, "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"),
    )


class Environment:
    """One execution environment; one invocation at a time."""

    def __init__(self, runtime: Runtime, definition: Definition, number: int) -> None:
        self._definition = definition
        self.port, api = _free_port(), _free_port()
        self.log = runtime.folder / f"{definition.name}-{number}.log"
        self.tmp = runtime.folder / f"{definition.name}-{number}"
        self.tmp.mkdir()
        self.used = False
        command = [
            *walls(),
            *(runtime.emulator, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"),
            *("--runtime-api-address", f"127.0.0.1:{api}", "--log-level", "error"),
            *(runtime.python, "-m", "awslambdaric", definition.handler),
        ]
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                list(map(str, command)),
                cwd=definition.code,
                env=self._variables(runtime),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()

    def _variables(self, runtime: Runtime) -> dict[str, str]:
        function = self._definition
        # As in the managed runtime: the layers are /opt/python there.
        return {
            "PATH": runtime.path,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "TMPDIR": str(self.tmp),
            "PYTHONPATH": os.pathsep.join(map(str, function.layers)),
            "PYTHONNOUSERSITE": "1",
            "LAMBDA_TASK_ROOT": str(function.code),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
            **function.environment,
        }

    def invoke(self, payload: bytes) -> Outcome:
        cold, self.used = not self.used, True
        begun = time.monotonic()
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=self._definition.timeout + MARGIN
        )
        try:
            connection.request("POST", PATH, payload)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return Outcome(str(error), "Runtime.ExitError", time.monotonic() - begun, cold)
        finally:
            connection.close()
        try:
            said = json.loads(body or b"null")
        except ValueError:
            # The emulator's own words, of a timeout.
            said = {"errorType": "Sandbox.Timedout", "errorMessage": body.decode()}
        error = said.get("errorType", "") if isinstance(said, dict) else ""
        return Outcome(said, error, time.monotonic() - begun, cold)

    @property
    def pid(self) -> int:
        """Of the first of its processes, which leads their group."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        if self.is_alive:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.005)
        self.close()
        raise RuntimeError(f"{self._definition.name} did not start:\n{self.log.read_text()}")


@dataclass
class Function:
    """Invokes a free environment, or a new one where all are busy; a tenant has its own."""

    runtime: Runtime
    definition: Definition
    _free: dict[str, list[Environment]] = field(default_factory=dict)
    _all: list[Environment] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(self, payload: bytes, tenant: str = "") -> Outcome:
        environment = self._take(tenant)
        outcome = environment.invoke(payload)
        with self._lock:
            self._free.setdefault(tenant, []).append(environment)
            idle = list(self._free)[:-TENANTS] if tenant else []
            ended = [one for name in idle for one in self._free.pop(name)]
        for one in ended:
            one.close()
        return outcome

    def cool(self) -> None:
        """End the environments that nobody uses: the next invocation is a cold one."""
        with self._lock:
            free, self._free = [one for some in self._free.values() for one in some], {}
        for environment in free:
            environment.close()

    def close(self) -> None:
        with self._lock:
            all = tuple(self._all)
        for environment in all:
            environment.close()

    @property
    def environments(self) -> list[Environment]:
        """Those that live."""
        with self._lock:
            return [one for one in self._all if one.is_alive]

    @property
    def said(self) -> str:
        """The logs of all its environments."""
        with self._lock:
            return "".join(one.log.read_text(errors="replace") for one in self._all)

    def _take(self, tenant: str) -> Environment:
        with self._lock:
            while self._free.get(tenant):
                if (known := self._free[tenant].pop()).is_alive:
                    return known
            number = len(self._all)
            # In the lock, because a free port is free for everybody.
            environment = Environment(self.runtime, self.definition, number)
            self._all.append(environment)
            return environment


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
