"""What must have happened in some of many worlds, or they are too kind to prove anything."""

from __future__ import annotations

from collections.abc import Mapping

ENOUGH = 200
"""Seeds after which everything below has happened, each in five worlds or more on average."""
FAULTS = (
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
    "a repository was archived",
    "a repository was gone",
    "a repository was out of reach",
    "a repository was renamed",
    "a repository was taken out and put back",
    "a repository was transferred",
    "the App was removed and installed again",
    "the App was suspended",
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
EVENTS = (
    "a push was built",
    "a new branch was built",
    "a forced push was built",
    "a tag was built",
    "the tag was deleted came",
    "branch_deleted came",
    *(f"pull_request.{action} was built" for action in ("opened", "synchronize", "reopened")),
    *(f"pull_request.{action} came" for action in ("ready_for_review", "edited", "closed")),
    "merge_group was built",
    "merge_group_destroyed came",
    "Re-run of a check was built",
    "Re-run of all was built",
    "the button Re-run failed was built",
    "the button Cancel came",
    "the command /rerun was built",
    "the command /approve was built",
    "the command /cancel came",
    "the command /help came",
    "repository_dispatch was built",
    "schedule was built",
    "a start by hand was built",
    "Re-run of all by hand was built",
    "Re-run of a check by hand was built",
    "the button Re-run failed by hand was built",
    "the button Cancel by hand came",
    "the end of one job by hand came",
    *(f"installation, {right}, came" for right in ("granted", "suspended", "removed")),
    *(f"installation_repositories, {right}, came" for right in ("granted", "removed")),
    *(f"repository, {right}, came" for right in ("granted", "archived", "deleted")),
    "a comment was made",
    "a comment was edited",
)
DEPLOYMENTS = (
    *(
        f"a deployment ended as {reason}"
        for reason in ("ok", "failed", "unknown_effect", "awaiting_approval", "superseded")
    ),
    "a deployment waited for another",
    "a forced push was deployed",
    "a person deployed",
    "a person deployed after an unknown end",
    "a tag was deployed",
    "two environments got one commit",
)
SIZES = (
    *(f"a check died for want of {what}" for what in ("memory", "disk", "time")),
    "a check was run again on a larger runner",
    "a check died on the larger runner too",
    "a check died on a runner that has no larger one",
    "a check that was to stop died for want of room",
    "a deployment died for want of room",
    "a lost runner was followed by a larger one",
    "a runner without memory died without a word",
)
EXPECTED = (*FAULTS, *EVENTS, *DEPLOYMENTS, *SIZES)


def missing(seen: Mapping[str, int]) -> list[str]:
    """What has not happened in any world."""
    return [what for what in EXPECTED if not seen.get(what)]
