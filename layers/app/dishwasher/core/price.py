"""What runners cost, from a table of AWS's list prices with its date; a figure to go by, no bill.

Without what an account has free each month, without discounts and taxes, and for the runner alone:
the requests, messages, rows and objects around a job come on top (docs/aws.md says how much).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

REGION = "us-east-1"
"""Whose prices these are; those of other regions differ."""
DATED = "2026-11-23"
"""When this table was last compared with what its sources are known to say."""
MEGABYTES = 1024
"""In a GB, as AWS counts."""


class Architecture(StrEnum):
    """As `template.yaml` has it."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Unit(StrEnum):
    GB_SECOND = "GB-second"
    DISK_GB_SECOND = "GB-second of /tmp above 512 MB"
    CPU_SECOND = "vCPU-second"
    REQUEST = "request"
    MINUTE = "minute begun"


class Fleet(StrEnum):
    FUNCTION = "Lambda function"
    CODEBUILD = "CodeBuild"
    MICROVM = "Lambda MicroVM"


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the table, in USD."""

    fleet: Fleet
    architecture: Architecture
    unit: Unit
    dollars: float
    source: str
    kind: str = ""
    """CodeBuild only: the compute type."""
    is_derived: bool = False
    """From the smallest one's, as prices for x86_64 go: we have not seen the source's own."""


LAMBDA = "https://aws.amazon.com/lambda/pricing/"
CODEBUILD = "https://aws.amazon.com/codebuild/pricing/"
MICROVMS = "https://murraycole.com/posts/aws-lambda-microvms-pricing-deep-dive"
"""Of AWS's page on 2026-06-29. What a burst above the baseline costs depends on the job."""
SMALL, MEDIUM, LARGE = "BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"
_ARM, _X86 = Architecture.ARM64, Architecture.X86_64
TABLE = (
    Price(Fleet.FUNCTION, _ARM, Unit.GB_SECOND, 0.0000133334, LAMBDA),
    Price(Fleet.FUNCTION, _X86, Unit.GB_SECOND, 0.0000166667, LAMBDA),
    Price(Fleet.FUNCTION, _ARM, Unit.DISK_GB_SECOND, 0.0000000309, LAMBDA),
    Price(Fleet.FUNCTION, _X86, Unit.DISK_GB_SECOND, 0.0000000309, LAMBDA),
    Price(Fleet.FUNCTION, _ARM, Unit.REQUEST, 0.0000002, LAMBDA),
    Price(Fleet.FUNCTION, _X86, Unit.REQUEST, 0.0000002, LAMBDA),
    Price(Fleet.CODEBUILD, _ARM, Unit.MINUTE, 0.0034, CODEBUILD, SMALL),
    Price(Fleet.CODEBUILD, _ARM, Unit.MINUTE, 0.0068, CODEBUILD, MEDIUM, is_derived=True),
    Price(Fleet.CODEBUILD, _ARM, Unit.MINUTE, 0.0136, CODEBUILD, LARGE, is_derived=True),
    Price(Fleet.CODEBUILD, _X86, Unit.MINUTE, 0.005, CODEBUILD, SMALL),
    Price(Fleet.CODEBUILD, _X86, Unit.MINUTE, 0.01, CODEBUILD, MEDIUM),
    Price(Fleet.CODEBUILD, _X86, Unit.MINUTE, 0.02, CODEBUILD, LARGE),
    Price(Fleet.MICROVM, _ARM, Unit.CPU_SECOND, 0.0000276944, MICROVMS),
    Price(Fleet.MICROVM, _ARM, Unit.GB_SECOND, 0.0000036667, MICROVMS),
)
FREE_DISK = 512
"""MB of /tmp that a function has for nothing."""
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """What one runner costs, in USD; nothing on a machine of one's own."""

    second: float = 0.0
    start: float = 0.0
    step: float = 0.0
    """Seconds that are billed whole once they are begun; 0 where each moment counts by itself."""

    def of(self, seconds: float) -> float:
        """For a runner that was there for so long."""
        time = max(seconds, 0.0)
        if self.step:
            time = max(math.ceil(time / self.step), 1) * self.step
        return self.start + self.second * time


FREE = Rate()


def function(architecture: str, memory: int, disk: int = FREE_DISK) -> Rate:
    """Of a Lambda function; memory and /tmp in MB."""
    found = _prices(Fleet.FUNCTION, architecture)
    second = found[Unit.GB_SECOND] * memory + found[Unit.DISK_GB_SECOND] * max(disk - FREE_DISK, 0)
    return Rate(second / MEGABYTES, found[Unit.REQUEST])


def codebuild(architecture: str, kind: str) -> Rate:
    """Of a CodeBuild compute type. AWS counts from when a build is asked for, in whole minutes.

    A type that is not in the table costs nothing that we know of.
    """
    minute = _prices(Fleet.CODEBUILD, architecture, kind).get(Unit.MINUTE, 0.0)
    return Rate(second=minute / MINUTE, step=MINUTE) if minute else FREE


def microvm(architecture: str, processors: float, memory: int) -> Rate:
    """Of a MicroVM's baseline, memory in MB; free where no price is known, as for x86_64."""
    found = _prices(Fleet.MICROVM, architecture)
    if not found:
        return FREE
    second = found[Unit.CPU_SECOND] * processors + found[Unit.GB_SECOND] * memory / MEGABYTES
    return Rate(second)


def dollars(amount: float) -> str:
    """An estimate for people, in no more digits than it deserves: `0.0085 USD`, `12.40 USD`.

    Without the sign: GitHub takes what is between two of them for mathematics.
    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
    """
    if amount < 0.00005:
        return "under 0.0001 USD"
    places = min(max(1 - math.floor(math.log10(amount)), 2), 4)
    return f"{amount:,.{places}f} USD"


def _prices(fleet: Fleet, architecture: str, kind: str = "") -> Mapping[Unit, float]:
    """By unit; raises ValueError for an architecture that AWS does not have."""
    wanted = (fleet, Architecture(architecture), kind)
    return {
        price.unit: price.dollars
        for price in TABLE
        if (price.fleet, price.architecture, price.kind) == wanted
    }
