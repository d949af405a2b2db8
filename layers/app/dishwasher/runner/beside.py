"""What runs beside a job's steps because it asks for it: its servers, and Docker's daemon."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.core.environment import visible
from dishwasher.core.job import Reason
from dishwasher.core.ticket import Ticket
from dishwasher.runner.command import Commands
from dishwasher.runner.docker import SOCKET, Docker
from dishwasher.runner.environment import DEFAULT_PATH, Workspace, job_environment
from dishwasher.runner.sandbox.enclosed import OPEN, Enclosed
from dishwasher.runner.stages import Stages
from dishwasher.runner.verdict import Verdict

if TYPE_CHECKING:
    from dishwasher.runner.services.running import Services

LOGS = "services"
"""Among the artifacts of a job that failed."""


class Beside:
    """Start it once, `end` it in any case; `environment` tells the steps where the servers are."""

    def __init__(
        self,
        ticket: Ticket,
        host: Mapping[str, str],
        workspace: Workspace,
        commands: Commands,
        stages: Stages,
        enclosure: Enclosed = OPEN,
        socket: Path = SOCKET,
    ) -> None:
        """`socket`: where Docker's daemon is to be."""
        self._ticket, self._host, self._workspace = ticket, host, workspace
        self._commands, self._stages, self._enclosure = commands, stages, enclosure
        self._socket = socket
        self._docker: Docker | None = None
        self._services: Services | None = None

    @property
    def environment(self) -> dict[str, str]:
        return self._services.environment if self._services else {}

    def start(self, *, docker: bool) -> Verdict:
        """Each as a phase of its own; raises Fenced."""
        verdict = self._stages.run("docker", self._start_docker) if docker else Verdict(Reason.OK)
        if verdict.fine and self._ticket.spec.machine.services:
            verdict = self._stages.run("services", self._start_services)
        return verdict

    def _start_docker(self) -> Verdict:
        own = visible(self._host, trusted=self._ticket.trusted)
        own["PATH"] = f"{own['PATH']}:{DEFAULT_PATH}" if own.get("PATH") else DEFAULT_PATH
        said = self._workspace.root / "docker.log"
        log = self._stages.log
        self._docker = Docker(self._stages.judge.stop, log.say, said, own, self._socket)
        try:
            self._docker.start()
        finally:
            self._commands.spare(self._docker.pids)
        return Verdict(Reason.OK)

    def _start_services(self) -> Verdict:
        # Imported late: most jobs ask for no server, and a runner must start fast.
        from dishwasher.runner.services.running import Services

        housed = self._enclosure.houses_servers
        services = self._services = Services(
            self._stages.judge.stop,
            self._stages.log.say,
            inside=self._enclosure if housed else OPEN,
            logs_in=self._workspace.root if housed else None,
        )
        environment = job_environment(self._ticket, self._host, self._workspace)
        names = [service.name for service in self._ticket.spec.machine.services]
        services.start(names, environment)
        self._commands.spare(services.pids)
        services.write_settings(self._workspace.home)
        return Verdict(Reason.OK)

    def keep_logs(self) -> None:
        """For a job that failed."""
        logs = [("docker.log", self._docker.log)] if self._docker else []
        for name, log in (*logs, *(self._services.logs() if self._services else ())):
            if log.exists():
                # Not among the artifacts: the job could have put a link there.
                folder = self._workspace.left / LOGS
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, folder / name)

    def advice(self) -> tuple[str, ...]:
        """What this machine lacks, by what the servers have printed."""
        return self._services.advice() if self._services else ()

    def end(self) -> None:
        if self._services is not None:
            self._services.end()
        if self._docker is not None:
            self._docker.end()
