"""Dependencies that one job has installed are another's, at every level and over HTTP."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from dishwasher.core.job import Reason
from dishwasher.core.result import Result
from dishwasher.core.sandbox import Level
from dishwasher.core.step import Installs

from tests.runner.conftest import Launch, Serve
from tests.runner.job import phase
from tests.runner.sandbox.levels import at
from tests.runner.server import LIMITS, Server

NPM = """\
#!/bin/sh
mkdir -p node_modules/dep
echo installed >node_modules/dep/index.js
"""
USE = "cat node_modules/dep/index.js; echo more >>node_modules/dep/index.js; rm -r node_modules"
INSTALLS = Installs((), ("package.json",), locked=True, node=True)


@at(*Level)
def test_what_one_job_installs_the_next_restores_as_its_own(
    serve: Serve, launch: Launch, tmp_path: Path, level: Level
) -> None:
    programs = tmp_path / "programs/bin"
    programs.mkdir(parents=True)
    (programs / "npm").write_text(NPM)
    (programs / "npm").chmod(0o755)
    tmp_path.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"

    def run() -> tuple[Server, Result]:
        phases = (phase("dependencies", "npm ci", installs=INSTALLS), phase("build", USE))
        server = serve(phases=phases, limits=replace(LIMITS, install_seconds=0.0))
        server.keep_caches(tmp_path / "caches")
        runner = launch(server, PATH=path, DISHWASHER_SANDBOX=level)
        result = server.result()
        assert runner.wait(20) == 0
        assert result.reason is Reason.OK, server.log.decode()
        assert b"\ninstalled\n" in server.log
        return server, result

    _, first = run()
    assert "save dependencies" in [one.name for one in first.phases]
    server, second = run()
    names = [one.name for one in second.phases]
    assert "restore dependencies" in names and "dependencies" not in names, server.log.decode()
