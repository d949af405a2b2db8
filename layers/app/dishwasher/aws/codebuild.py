"""Runners as builds of a CodeBuild project: each on a machine that nobody has used before."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, faults
from dishwasher.aws.sizes import COMPUTE
from dishwasher.core.codec import encode
from dishwasher.core.environment import SANDBOX, SINGLE_USE
from dishwasher.core.sandbox import AUTO, Level
from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, Throttled
from dishwasher.ports import Clock

if TYPE_CHECKING:
    from types_boto3_codebuild import CodeBuildClient
    from types_boto3_codebuild.type_defs import BuildTypeDef, EnvironmentVariableTypeDef

ATTEMPT, BOOTSTRAP, ARCHIVE = "DISHWASHER_ATTEMPT", "DISHWASHER_BOOTSTRAP", "DISHWASHER_ARCHIVE"
PYTHON = "DISHWASHER_PYTHON"
"""Variables that the project's buildspec reads."""
CROWDED = frozenset({"AccountLimitExceededException", "ThrottlingException", "Throttling"})
"""https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html"""
NONE_ALLOWED = "more than 0 builds"
"""What CodeBuild says in an account that may not build yet, as new ones are."""
ADVICE = "; ask AWS for a larger quota of CodeBuild's concurrently running builds"
COME_BACK = 60.0
"""Seconds until a limit is tried again: a build more or less takes minutes."""
LEAST_MINUTES, MOST_MINUTES = 5, 2160
"""Of a build: https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html"""
QUEUED_MINUTES = 10
"""That a build may wait in CodeBuild's own queue, before it counts as never begun."""
BESIDES = 900.0
"""Seconds of a build beside its job's: the runner's archive, the checkout, the last words."""
PAGES = 5
"""Of 100 builds each, the newest first, in which one that is to stop is looked for."""
RUNNING = "IN_PROGRESS"


class CodeBuildFleet:
    """Implements `ports.Fleet`. Actions, on the project alone: codebuild:StartBuild,
    BatchGetBuilds, ListBuildsForProject, StopBuild.
    """

    def __init__(
        self, clients: Clients, clock: Clock, project: str, archive: Callable[[], str]
    ) -> None:
        """`archive`: URL of the runner's code, good for as long as a build may be queued."""
        self._clients, self._clock = clients, clock
        self._project, self._archive = project, archive

    @cached_property
    def _codebuild(self) -> CodeBuildClient:
        client: CodeBuildClient = self._clients.client("codebuild")
        return client

    def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
        what = f"can not start a runner for {bootstrap.attempt}"
        archive = self._archive()
        with faults(what, writes=True):
            try:
                self._codebuild.start_build(
                    projectName=self._project,
                    # For five minutes the same call begins nothing new.
                    idempotencyToken=bootstrap.attempt,
                    computeTypeOverride=COMPUTE[size.name],
                    # Both a Docker daemon and the namespaces of a jail take it.
                    privilegedModeOverride=size.docker or size.jail,
                    timeoutInMinutesOverride=_minutes(size.seconds),
                    queuedTimeoutInMinutesOverride=QUEUED_MINUTES,
                    environmentVariablesOverride=_variables(bootstrap, archive, size),
                )
            except ClientError as error:
                raise self._meant(what, error) from error

    def _meant(self, what: str, error: ClientError) -> Exception:
        said = error.response.get("Error", {}).get("Message", "")
        if code(error) in CROWDED:
            advice = ADVICE if NONE_ALLOWED in said else ""
            return Throttled(f"{what}: {said}{advice}", self._clock.now() + COME_BACK)
        if code(error) == "ResourceNotFoundException":
            return InfraError(
                f"{what}: there is no CodeBuild project {self._project}; deploy the stack again"
            )
        return error

    def stop(self, attempt: str) -> None:
        with faults(f"can not stop the runner of {attempt}"):
            for build in self._running():
                if _attempt(build) == attempt:
                    self._codebuild.stop_build(id=build["id"])
                    return

    def _running(self) -> Iterator[BuildTypeDef]:
        """The newest first; one that is older than many hundred others is left to its time."""
        token = ""
        for _ in range(PAGES):
            more = {"nextToken": token} if token else {}
            page = self._codebuild.list_builds_for_project(
                projectName=self._project, sortOrder="DESCENDING", **more
            )
            if ids := page.get("ids"):
                found = self._codebuild.batch_get_builds(ids=ids)
                yield from (one for one in found["builds"] if one["buildStatus"] == RUNNING)
            token = page.get("nextToken", "")
            if not token:
                return


def _variables(bootstrap: Bootstrap, archive: str, size: Size) -> list[EnvironmentVariableTypeDef]:
    values = {
        ATTEMPT: bootstrap.attempt,
        # Who may read builds in this account may read it; the code in it works once.
        BOOTSTRAP: json.dumps(encode(bootstrap)),
        ARCHIVE: archive,
        # Its libraries are those of the Python that we run on ourselves.
        PYTHON: ".".join(map(str, sys.version_info[:2])),
        SINGLE_USE: "1",
        # The daemon is root's, and so is who asks for it.
        SANDBOX: Level.PLAIN if size.docker else AUTO,
    }
    return [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in values.items()]


def _minutes(seconds: float) -> int:
    return min(max(math.ceil((seconds + BESIDES) / 60), LEAST_MINUTES), MOST_MINUTES)


def _attempt(build: BuildTypeDef) -> str:
    variables = build.get("environment", {}).get("environmentVariables", [])
    return next((one["value"] for one in variables if one["name"] == ATTEMPT), "")
