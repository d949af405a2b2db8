"""Does once, before the forks, what every runner would do first."""

from __future__ import annotations

import importlib
import json
import socket

from dishwasher.core.codec import decode, encode
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.job import Reason
from dishwasher.core.result import PhaseResult, Progress, Result, StepResult
from dishwasher.core.step import Phase, Step
from dishwasher.core.ticket import (
    Claimed,
    Limits,
    LogAnswer,
    Orders,
    Source,
    Ticket,
    Upload,
    UploadAnswer,
)


def warm() -> None:
    """Fill the codec's caches and load what the standard library loads late."""
    ticket = Ticket(
        protocol=1,
        job="",
        attempt=1,
        spec=JobSpec("", Kind.CHECK, 1, phases=(Phase("", (Step(""),)),)),
        source=Source("", ""),
        environment=(),
        limits=Limits(),
    )
    phases = (PhaseResult("", steps=(StepResult(""),)),)
    answers = (Claimed("", ticket), Orders(), LogAnswer(0), UploadAnswer((Upload("", ""),)))
    for answer in answers:
        decode(type(answer), json.loads(json.dumps(encode(answer))))
    for word in (Progress(phases), Result(Reason.OK, "", phases)):
        json.dumps(encode(word))
    # What most jobs of this machine come by their commit with.
    importlib.import_module("dishwasher.runner.mirrored_checkout")
    # The first look-up of a name imports the IDNA codec and its tables.
    socket.getaddrinfo("127.0.0.1", 80)
