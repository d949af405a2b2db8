"""What must have happened in some of many worlds, or they are too kind to prove anything."""

from __future__ import annotations

from collections.abc import Mapping

ENOUGH = 200
"""Seeds after which everything below has happened, each in five worlds or more on average."""
EXPECTED = (
    "GitHub did it and its answer was lost: create",
    "GitHub did it and its answer was lost: update",
    "GitHub called a text invalid",
    "GitHub never sent a delivery",
    "GitHub's limit was reached",
    "a bell was lost",
    "a branch was shown where it stood before",
    "a commit was not visible yet",
    "a delivery came twice",
    "a delivery was asked for again",
    "a delivery was lost",
    "a job ended as awaiting_approval",
    "a job restored a cache of another",
    "a job ended as cancelled",
    "a job ended as config",
    "a job ended as infra",
    "a job ended as lost",
    "a job ended as refused",
    "a job ended as superseded",
    "a job ended as unknown_effect",
    "a lease was taken away and the job tried again",
    "a list lacked a check run that was made",
    "a message came again after it was handled",
    "a repository was gone",
    "a request arrived after its sender gave it up",
    "a runner died",
    "a runner froze",
    "a runner never came",
    "a runner stopped because its attempt was over",
    "a runner was started that the fleet denied",
    "a server crashed",
    "a word of an old attempt was refused",
    "a worker crashed",
    "a worker froze",
    "a write was done and its answer lost",
    "everything waited for one moment",
)


def missing(seen: Mapping[str, int]) -> list[str]:
    """What has not happened in any world."""
    return [what for what in EXPECTED if not seen.get(what)]
