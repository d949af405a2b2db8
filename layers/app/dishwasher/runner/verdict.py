"""How a job or a part of it ended, and what an exception or a stop means for that."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

from dishwasher.core.job import Reason
from dishwasher.core.size import Resource
from dishwasher.errors import InfraError, UserError
from dishwasher.runner.sink import Fenced
from dishwasher.runner.stop import Cause, Stop, Stopped

FINE = (Reason.OK, Reason.ADVISORY)


@dataclass(frozen=True, slots=True)
class Verdict:
    reason: Reason
    detail: str = ""
    exhausted: Resource | None = None
    """What of its runner it ran into, where a larger one has more."""

    @property
    def fine(self) -> bool:
        return self.reason in FINE


class Judge:
    """Knows why the job must stop and how long it may take."""

    def __init__(self, stop: Stop, seconds: float) -> None:
        self.stop, self._seconds = stop, seconds

    def judge(self, name: str, work: Callable[[], Verdict]) -> Verdict:
        """What `work` says, or what its failure means; raises Fenced."""
        try:
            return work()
        except Stopped:
            return self.stopped(f"during {name}")
        except UserError as error:
            return Verdict(Reason.FAILED, str(error))
        except InfraError as error:
            return Verdict(Reason.INFRA, str(error))
        except OSError as error:
            exhausted = Resource.DISK if error.errno == errno.ENOSPC else None
            said = f"The runner's machine failed during {name}: {error}"
            return Verdict(Reason.INFRA, said, exhausted)

    def stopped(self, where: str) -> Verdict:
        """What a stop means for the job; raises Fenced when nobody wants to hear it."""
        self.leave_quietly()
        match self.stop.cause:
            case Cause.TIMED_OUT:
                limit = f"{self._seconds:g} s"
                said = f"The limit of {limit} was reached {where}."
                return Verdict(Reason.TIMED_OUT, said, Resource.TIME)
            case Cause.BROKEN:
                return Verdict(Reason.INFRA, f"The runner broke: {self.stop.detail}")
            case _:
                return Verdict(Reason.CANCELLED, f"Cancelled {where}.")

    def leave_quietly(self) -> None:
        if self.stop.silent:
            raise Fenced(self.stop.detail)
