"""CodeBuild's API as far as we call it, held to botocore's model; its builds run on this machine.

A build runs the commands of the project's own buildspec, from template.yaml, with the variables of
its call and no others. What is not as on AWS: no image, no privileges, no limits of a machine.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tests.aws import template
from tests.aws.listener import Handler, Listener

PROJECT = "builder"
FAULTS = {
    "AccountLimitExceededException": 400,
    "ResourceNotFoundException": 400,
    "InvalidInputException": 400,
    "ThrottlingException": 400,
}
PAGE = 100
ALLOWED = 60
"""Builds at once, where a test says nothing else."""


class Refusal(Exception):
    """An answer that is an error; the first argument is CodeBuild's word for it."""


class CodeBuild:
    """`allowed`: builds at once; `fault`: what every call is answered with, as (word, message).

    `folder`: where builds run; None where they only count as running.
    """

    def __init__(self, folder: Path | None = None, project: str = PROJECT) -> None:
        from botocore.session import get_session

        self.model = get_session().get_service_model("codebuild")
        self.folder, self._project, self.allowed = folder, project, ALLOWED
        self.fault: tuple[str, str] | None = None
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.builds: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, tuple[dict[str, Any], str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.RLock()
        self._listener = Listener("CodeBuild", _handler(self))
        self._listener.start()

    @property
    def url(self) -> str:
        return self._listener.url

    def close(self) -> None:
        self._listener.close()
        self.reset()

    def reset(self) -> None:
        """As it was at first."""
        for id in tuple(self._running):
            self._end(id, "STOPPED")
        self.fault, self.allowed = None, ALLOWED
        for known in (self.called, self.builds, self._tokens):
            known.clear()

    def call(self, operation: str, words: dict[str, Any]) -> dict[str, Any]:
        """Raises Refusal; AssertionError for what botocore's model does not have."""
        from botocore.validate import ParamValidator

        shape = self.model.operation_model(operation).input_shape
        report = ParamValidator().validate(words, shape)
        assert not report.has_errors(), report.generate_report()
        with self._lock:
            self.called.append((operation, words))
            if self.fault:
                raise Refusal(*self.fault)
            answer: dict[str, Any] = getattr(self, f"_{operation}")(words)
            return answer

    def _StartBuild(self, words: dict[str, Any]) -> dict[str, Any]:
        self._know(words["projectName"])
        told, id = self._tokens.get(words["idempotencyToken"], (words, ""))
        if told != words:
            raise Refusal("InvalidInputException", "parameter mismatch")
        if not id:
            alive = sum(not one["buildComplete"] for one in self.builds.values())
            if alive >= self.allowed:
                said = f"Cannot have more than {self.allowed} builds in queue for the account"
                raise Refusal("AccountLimitExceededException", said)
            id = f"{self._project}:{uuid.uuid4()}"
            self._tokens[words["idempotencyToken"]] = words, id
            self._begin(id, words)
        return {"build": self.builds[id]}

    def _begin(self, id: str, words: dict[str, Any]) -> None:
        variables = words["environmentVariablesOverride"]
        self.builds[id] = {
            "id": id,
            "projectName": self._project,
            "buildStatus": "IN_PROGRESS",
            "buildComplete": False,
            "timeoutInMinutes": words["timeoutInMinutesOverride"],
            "environment": {
                "type": "ARM_CONTAINER",
                "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
                "computeType": words["computeTypeOverride"],
                "privilegedMode": words["privilegedModeOverride"],
                "environmentVariables": variables,
            },
        }
        if self.folder is None:
            return
        home = self.folder / id.partition(":")[2]
        home.mkdir(parents=True)
        with open(home / "said", "wb") as said:
            process = subprocess.Popen(
                ["/bin/sh", "-c", "\n".join(commands())],
                env={
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    "HOME": str(home),
                    "DISHWASHER_HOME": str(home),
                    **{one["name"]: one["value"] for one in variables},
                },
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[id] = process
        threading.Thread(target=self._wait, args=(id, process), daemon=True).start()

    def _wait(self, id: str, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        with self._lock:
            if self.builds[id]["buildStatus"] == "IN_PROGRESS":
                self._conclude(id, "FAILED" if code else "SUCCEEDED")

    def _conclude(self, id: str, status: str) -> None:
        self.builds[id] |= {"buildStatus": status, "buildComplete": True}

    def _end(self, id: str, status: str) -> None:
        with self._lock:
            process = self._running.pop(id, None)
            self._conclude(id, status)
        if process is None:
            return
        # All that the machine ran ends with it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _StopBuild(self, words: dict[str, Any]) -> dict[str, Any]:
        if words["id"] not in self.builds:
            raise Refusal("ResourceNotFoundException", "there is no such build")
        self._end(words["id"], "STOPPED")
        return {"build": self.builds[words["id"]]}

    def _ListBuildsForProject(self, words: dict[str, Any]) -> dict[str, Any]:
        self._know(words["projectName"])
        newest = list(reversed(self.builds))
        start = int(words.get("nextToken", 0))
        more = {"nextToken": str(start + PAGE)} if len(newest) > start + PAGE else {}
        return {"ids": newest[start : start + PAGE], **more}

    def _BatchGetBuilds(self, words: dict[str, Any]) -> dict[str, Any]:
        assert len(words["ids"]) <= PAGE
        return {"builds": [self.builds[id] for id in words["ids"]]}

    def _know(self, name: str) -> None:
        if name != self._project:
            raise Refusal("ResourceNotFoundException", f"Project cannot be found: {name}")


def commands() -> list[str]:
    """What the project's buildspec runs."""
    builder = template.of_type(template.load(), "AWS::CodeBuild::Project")["Builder"]
    found: list[str] = yaml.safe_load(builder["Source"]["BuildSpec"])["phases"]["build"]["commands"]
    return found


def _handler(known: CodeBuild) -> type[Handler]:
    """Both protocols of the service: botocore takes CBOR from 1.44 on, and JSON before."""

    class Api(Handler):
        def do_POST(self) -> None:
            body = self.body()
            target = self.headers.get("X-Amz-Target", "")
            operation = (target or self.path).replace("/", ".").rpartition(".")[2]
            try:
                answer = known.call(operation, json.loads(body) if target else read(body))
                status, told = 200, answer
            except Refusal as error:
                status, told = FAULTS[error.args[0]], _told(error)
            self._answer(status, told, operation, bool(target))

        def _answer(self, status: int, told: dict[str, Any], operation: str, json_: bool) -> None:
            shape = known.model.operation_model(operation).output_shape
            if status != 200:
                shape = _fault()
            data = json.dumps(told).encode() if json_ else written(told, shape)
            kind = [("Content-Type", f"application/{'json' if json_ else 'cbor'}")]
            self.tell(status, kind if json_ else [("smithy-protocol", "rpc-v2-cbor"), *kind], data)

    return Api


def _told(error: Refusal) -> dict[str, Any]:
    return {"__type": error.args[0], "message": error.args[1]}


def _fault() -> Any:
    from botocore.model import DenormalizedStructureBuilder

    members = {"__type": {"type": "string"}, "message": {"type": "string"}}
    return DenormalizedStructureBuilder().with_members(members).build_model()


def read(body: bytes) -> dict[str, Any]:
    from botocore.parsers import RpcV2CBORParser

    parser = RpcV2CBORParser()
    found: dict[str, Any] = parser.parse_data_item(io.BufferedReader(io.BytesIO(body)))
    return found


def written(told: dict[str, Any], shape: Any) -> bytes:
    from botocore.serialize import CBORSerializer

    data = bytearray()
    CBORSerializer()._serialize_data_item(data, told, shape)
    return bytes(data)
