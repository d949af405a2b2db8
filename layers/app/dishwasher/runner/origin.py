"""Which way a job's commit comes: from this machine, its mirror, its server, or as a tarball."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from dishwasher.core.environment import TARBALL
from dishwasher.core.ticket import Ticket
from dishwasher.runner.checkout import Checkout
from dishwasher.runner.command import Commands


def checkout(
    ticket: Ticket,
    commands: Commands,
    folder: Path,
    environment: Mapping[str, str],
    sleep: Callable[[float], None],
    *,
    host: Mapping[str, str],
    objects: tuple[Path, ...],
    say: Callable[[str], None],
) -> Checkout:
    """`objects`: folders of git objects that hold the commit; `host`: what the runner is told."""
    # Imported late: a runner needs one of them, and must start fast.
    words = (commands, folder, environment, sleep)
    if objects:
        from dishwasher.runner.local_checkout import LocalCheckout

        return LocalCheckout(*words, objects)
    if ticket.source.tarball and (TARBALL in host or not _has_git(environment)):
        from dishwasher.runner.tarball_checkout import TarballCheckout

        return TarballCheckout(*words, say)
    if ticket.source.repository:
        from dishwasher.runner.mirror import mirrors
        from dishwasher.runner.mirrored_checkout import MirroredCheckout

        kept = mirrors(host)
        if kept is not None:
            mirror = kept.of(ticket.source.repository, ticket.trusted, ticket.spec.history)
            return MirroredCheckout(*words, kept, mirror, say)
    return Checkout(*words)


def _has_git(environment: Mapping[str, str]) -> bool:
    return shutil.which("git", path=environment.get("PATH")) is not None
