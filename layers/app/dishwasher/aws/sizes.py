"""The sizes of runners that a stack of template.yaml has, from the environment of its functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dishwasher.core import price
from dishwasher.core.size import Size

if TYPE_CHECKING:
    from types_boto3_codebuild.literals import ComputeTypeType

RUNNER, BUILDER, MICROVM = "DISHWASHER_RUNNER", "DISHWASHER_BUILDER", "DISHWASHER_MICROVM"
"""Names of the function, of the CodeBuild project, and of a MicroVM image; empty for none."""
MEMORY, DISK = "DISHWASHER_RUNNER_MEMORY", "DISHWASHER_RUNNER_DISK"
"""MB that a job on the function has."""
ARCHITECTURE = "DISHWASHER_ARCHITECTURE"
FUNCTION, ISOLATED = "function", "microvm"
MEBIBYTE, GIBIBYTE = 1024**2, 1024**3
FUNCTION_SECONDS = 780.0
"""Of a job in a Lambda function, which has 900 for it, its checkout and its artifacts:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
FUNCTION_START = 90.0
"""A cold start, the fetch of the commit, and a queue in front of them."""
LONGEST = 8 * 3600.0
"""That a job may declare; CodeBuild would give 36 hours, a MicroVM gives 8 in all."""
BUILDER_START = 1200.0
"""CodeBuild tells no time for its machines to come up; 10 minutes may go by in its queue."""
MICROVM_START = 120.0
MICROVM_SECONDS = LONGEST - 900.0
"""A MicroVM ends 8 hours after it began, whatever it does."""
MICROVM_MEMORY, MICROVM_DISK, MICROVM_PROCESSORS = 4 * GIBIBYTE, 8 * GIBIBYTE, 2
"""Of the baseline that docs/aws.md asks for; a MicroVM may burst above it."""
BUILDERS: tuple[tuple[str, ComputeTypeType, int, int, int], ...] = (
    ("small", "BUILD_GENERAL1_SMALL", 2, 4, 50),
    ("medium", "BUILD_GENERAL1_MEDIUM", 4, 8, 100),
    ("large", "BUILD_GENERAL1_LARGE", 8, 16, 100),
)
"""Name, compute type, processors, GiB of memory, and GB of disk that are left of 64 and 128:
https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html"""
COMPUTE: Mapping[str, ComputeTypeType] = {name: compute for name, compute, *_ in BUILDERS}
RESERVE = 0.9
"""Of /tmp is the job's; of the memory its runner leaves it as much."""


def sizes(environment: Mapping[str, str]) -> tuple[Size, ...]:
    """The smallest and quickest first."""
    found = [_function(environment)] if environment.get(RUNNER) else []
    if environment.get(MICROVM):
        found.append(_microvm(environment))
    if environment.get(BUILDER):
        found += [_builder(environment, *row) for row in BUILDERS]
    return tuple(found)


def _function(environment: Mapping[str, str]) -> Size:
    memory, disk = int(environment[MEMORY]), int(environment[DISK])
    return Size(
        *(FUNCTION, f"a Lambda function with {memory:,} MB", FUNCTION_SECONDS),
        *(memory * MEBIBYTE, int(disk * MEBIBYTE * RESERVE), FUNCTION_START),
        # Its environment can not be jailed, has no servers to start, no Docker daemon, no /dev/shm.
        *(False, False, False, False, False),
        rate=price.function(environment[ARCHITECTURE], memory, disk),
    )


def _builder(
    environment: Mapping[str, str], name: str, compute: str, cpus: int, memory: int, disk: int
) -> Size:
    return Size(
        *(name, f"a {name} CodeBuild machine ({cpus} processors, {memory} GiB)", LONGEST),
        *(memory * GIBIBYTE, disk * GIBIBYTE, BUILDER_START),
        rate=price.codebuild(environment[ARCHITECTURE], compute),
    )


def _microvm(environment: Mapping[str, str]) -> Size:
    memory = MICROVM_MEMORY // MEBIBYTE
    return Size(
        *(ISOLATED, "a Lambda MicroVM", MICROVM_SECONDS),
        *(MICROVM_MEMORY, MICROVM_DISK, MICROVM_START),
        # Its image is told of the job when it is begun, and not that one must run as its root.
        docker=False,
        rate=price.microvm(environment[ARCHITECTURE], MICROVM_PROCESSORS, memory),
    )
