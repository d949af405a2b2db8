"""The stand-in in a process of its own, so that measuring a bot does not measure the stand-in."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

__all__ = ["StandInProcess"]

STOP_SECONDS = 10
ANSWER_SECONDS = 600  # a verb may be to wait


class StandInProcess:
    """Starts it, tells its addresses, and forwards verbs: see control.py.

    with StandInProcess() as github:
        repo = github.call("add_repo", full_name="acme/site", files={"a": "1"})
    """

    def __init__(self, data: Path | None = None, *flags: str) -> None:
        folder = [] if data is None else ["--data", str(data)]
        command = [sys.executable, "-m", "dishwasher.demo.github", *folder, *flags]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError("the stand-in GitHub did not start; its reason is above")
        places = json.loads(line)
        self.url: str = places["url"]
        self.api_url: str = places["api_url"]
        self.pid = self._process.pid

    def call(self, verb: str, **arguments: Any) -> Any:
        """Do a verb and answer its result; ValueError tells what was wrong with it."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", f"/_control/{verb}", body=json.dumps(arguments))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status == 504:
            raise TimeoutError(answer["error"])
        if response.status != 200:
            raise ValueError(answer["error"])
        return answer

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> StandInProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
