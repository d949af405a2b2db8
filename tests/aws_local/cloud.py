"""All of it: the stack, its functions, and what stands between them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.aws.builder import CodeBuild
from tests.aws_local.artifact import ANYONE, ARCHITECTURE, ROOT, Artifact
from tests.aws_local.function import Function, Outcome, Runtime
from tests.aws_local.gateway import Gateway
from tests.aws_local.iam.guard import Guard
from tests.aws_local.iam.signature import Key
from tests.aws_local.poller import Poller
from tests.aws_local.service import Service
from tests.aws_local.stack import Schedule, Stack
from tests.aws_local.weather import CALM, Weather

POLLERS = 2
"""Threads for each queue: as many as this machine has processors."""
SLOTS = 4
"""Jobs at once."""
RUNNER, BUILDER = "Run", "Builder"


class Cloud:
    """An AWS account with one stack. Use it as a context manager."""

    def __init__(
        self,
        artifact: Artifact,
        parameters: Mapping[str, str],
        *,
        tools: str,
        variables: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        pace: float = 1.0,
        weather: Weather = CALM,
    ) -> None:
        """`tools`: PATH of the runner's function. Others have none: what they need is in Python.

        `variables` are the runner's alone, as its image would bring them, `settings` all others'.
        The schedule is `pace` times as fast as the template says. `weather` is that of messages.
        """
        self._scratch = tempfile.TemporaryDirectory(
            prefix="dishwasher-aws-", ignore_cleanup_errors=True
        )
        self.folder = Path(self._scratch.name)
        self._artifact, self._parameters = artifact, parameters
        self._tools, self._variables = tools, dict(variables or {})
        self._settings, self._pace = dict(settings or {}), pace
        self.functions: dict[str, Function] = {}
        self.gateway = Gateway()
        self.guard: Guard | None = None
        self._keys: dict[str, Key] = {}
        self._weather = weather
        self._service = Service(self._invoke_by_name, SLOTS, weather)
        self._builders: CodeBuild | None = None
        self._moto: subprocess.Popen[str] | None = None
        self._pollers: list[Poller] = []
        self._stopping = threading.Event()
        self._clocks: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return self.gateway.url

    def __enter__(self) -> Cloud:
        try:
            endpoint = self._start_moto()
            self.stack = Stack(self._artifact, endpoint, self._parameters)
            self.stack.deploy(self.url)
            self._make_functions(endpoint)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def keep(self, settings: Mapping[str, str], path: str = "/dishwasher") -> None:
        """The App's settings, where `dishwasher app create` would put them."""
        ssm = self.stack.client("ssm")
        for name, value in settings.items():
            ssm.put_parameter(
                Name=f"{path}/{name}", Value=value, Type="SecureString", Overwrite=True
            )

    def open(self) -> None:
        """From now on requests, messages and minutes are heard."""
        self.gateway.open(self.stack.routes(), self.invoke)
        for source in self.stack.mappings():
            function = self.functions[source.function]
            # A mapping takes messages with the rights of its function.
            assert self.guard is not None
            sqs = self.stack.client("sqs", self.guard.url, self._keys[source.function])
            poller = Poller(source, sqs, function.invoke, POLLERS, self._weather)
            self._pollers.append(poller)
            poller.start()
        for schedule in self.stack.schedules():
            clock = threading.Thread(target=self._tick, args=(schedule,), daemon=True)
            self._clocks.append(clock)
            clock.start()

    def invoke(self, function: str, payload: bytes, tenant: str = "") -> Outcome:
        return self.functions[function].invoke(payload, tenant)

    def _invoke_by_name(self, physical: str, payload: bytes, tenant: str) -> None:
        self.invoke(self.stack.logical(physical), payload, tenant)

    def cool(self) -> None:
        """Every function begins cold at its next call."""
        for function in self.functions.values():
            function.cool()

    @property
    def builds(self) -> tuple[Mapping[str, Any], ...]:
        """Those of CodeBuild, as it tells them."""
        return tuple(self._builders.builds.values()) if self._builders is not None else ()

    @property
    def log(self) -> str:
        return "".join(f"--- {name}\n{function.said}" for name, function in self.functions.items())

    def close(self) -> None:
        self._stopping.set()
        for poller in self._pollers:
            poller.stop()
        self.gateway.close()
        self._service.close()
        if self._builders is not None:
            self._builders.close()
        for function in self.functions.values():
            function.close()
        for poller in self._pollers:
            poller.join()
        if self.guard is not None:
            self.guard.close()
        if self._moto is not None:
            with self._moto:
                self._moto.kill()
        self._scratch.cleanup()

    def _make_functions(self, endpoint: str) -> None:
        import awslambdaric
        import samcli

        programs = Path(samcli.__file__).parent / "local" / "rapid"
        emulator = programs / f"aws-lambda-rie-{ARCHITECTURE}"
        packages = Path(awslambdaric.__file__).parents[1]
        self._builders = CodeBuild(self.folder / "builders", project=self.stack.name(BUILDER))
        servers = {"lambda": self._service.url, "codebuild": self._builders.url}
        self.guard = Guard({"": endpoint, **servers})
        for name, definition in self.stack.functions(self.guard.url, self._admit):
            runs = name == RUNNER
            runtime = Runtime(
                emulator,
                runtime_python(self.folder, packages),
                self._tools if runs else "",
                self.folder,
            )
            definition = definition.with_variables(self._variables if runs else self._settings)
            self.functions[name] = Function(runtime, definition)

    def _admit(self, function: str) -> dict[str, str]:
        """As Lambda hands a function the credentials of its role."""
        assert self.guard is not None
        key = self.guard.admit(f"{function}Role", self.stack.statements(function))
        self._keys[function] = key
        return {
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            "AWS_SESSION_TOKEN": key.token,
        }

    def _start_moto(self) -> str:
        with open(self.folder / "moto.log", "wb") as log:
            self._moto = subprocess.Popen(
                [sys.executable, "-m", "tests.aws_local.moto"],
                cwd=ROOT,
                env={**os.environ, **ANYONE},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._moto.stdout is not None
        port = self._moto.stdout.readline().strip()
        if not port:
            raise RuntimeError("moto did not start")
        return f"http://127.0.0.1:{port}"

    def _tick(self, schedule: Schedule) -> None:
        while not self._stopping.wait(schedule.seconds / self._pace):
            self.invoke(schedule.function, schedule.payload.encode())


def runtime_python(folder: Path, packages: Path) -> Path:
    """An interpreter that has Lambda's runtime client and no package of ours."""
    place = folder / "runtime"
    python = place / "bin" / "python"
    if not python.exists():
        import venv

        venv.create(place, with_pip=False, symlinks=True)
        site = next((place / "lib").glob("python*/site-packages"))
        for name in ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"):
            for found in packages.glob(f"{name}*"):
                if found.suffix != ".dist-info":
                    (site / found.name).symlink_to(found)
    return python
