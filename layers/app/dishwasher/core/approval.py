"""Somebody with write permission has read one commit of a pull request and let it be built."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.moment import stamp

LOOKED = 30.0
"""Seconds that a commit must have stood there before a comment that does not name it can mean it:
a page that was open shows a push some seconds later."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Of exactly one commit: what is pushed later is not meant, also where it is pushed back.

    It lets the commit's own configuration count. It gives no secrets, no deployments and no way
    out of the jail: who approves has read a configuration, and not all that a build will run.
    """

    sha: str
    actor: int
    """GitHub's id of who gave it; a login can be somebody else's one day."""
    login: str
    """As it was then, to be shown."""
    given: float
    """GitHub's time of the comment, in seconds since the epoch."""
    comment: int = 0
    """GitHub's id of it."""
    base: str = ""
    """The branch that the commit was to be merged into: with another one it becomes another."""

    def holds(self, sha: str, base: str) -> bool:
        """Whether this is what was looked at."""
        return self.sha == sha and self.base in ("", base)

    @property
    def sentence(self) -> str:
        return (
            f"Approved by {self.login} at {stamp(self.given)}, for {self.sha[:12]} alone: built "
            "with the pull request's own configuration, in a jail and without secrets."
        )
