"""`dishwasher start`: a build of a branch by hand, with inputs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dishwasher.cli import ledger
from dishwasher.cli.terminal import clean
from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.cli.ledger import Ledger


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "start",
        help="build a branch by hand",
        description="Start a build of a branch as it stands, as `when: {event: manual}` of its "
        "configuration says; other jobs run too, as for a push, deployments only on the branches "
        "that they follow.",
    )
    parser.add_argument("repository", metavar="OWNER/REPO", help="one that this server knows")
    parser.add_argument("--branch", default="", metavar="NAME", help="(the default branch)")
    parser.add_argument("--sha", default="", metavar="COMMIT", help="an older commit of the branch")
    parser.add_argument("--job", default="", metavar="NAME", help="this one with what it needs")
    parser.add_argument(
        "--input", action="append", default=[], metavar="NAME=VALUE", help="may be repeated"
    )
    parser.add_argument("--follow", action="store_true", help="show the logs until it has ended")
    ledger.add(parser)
    parser.set_defaults(call=start)


def start(options: argparse.Namespace) -> int:
    """0 when it is asked for; with --follow 1 when the build failed."""
    from dishwasher.cli import asking, logs
    from dishwasher.core.event import NO_COMMIT, Event, EventKind
    from dishwasher.local import repositories

    given = tuple(sorted(_inputs(options.input).items()))
    with ledger.opened(options) as opened:
        found = repositories.find(opened.database, options.repository)
        if found is None:
            raise UserError(
                f"this server has not heard of {options.repository} yet: push a commit to it, or "
                "open a pull request"
            )
        sha = _commit(opened, found.id, options.sha) if options.sha else NO_COMMIT
        event = Event(
            kind=EventKind.MANUAL,
            delivery=asking.delivery_id(),
            repository=found,
            sender=asking.person(),
            sha=sha,
            # With a commit the branch is what says whether it may be built.
            branch=options.branch or (found.default_branch if options.sha else ""),
            job=options.job,
            inputs=given,
        )
        build = asking.tell(opened, asking.ask(opened, "start", event))
        _tell_unknown(opened, build, given)
        return logs.follow_build(opened, build) if options.follow and build else 0


def _tell_unknown(opened: Ledger, build: str, given: tuple[tuple[str, str], ...]) -> None:
    """Which of the inputs the configuration does not have: only the server reads it."""
    from dishwasher.core.build import Build

    found = opened.store.get(Build, build)
    known = dict(found.event.inputs) if found is not None else dict(given)
    unknown = [clean(name) for name, _ in given if name not in known]
    if unknown:
        print(f"dishwasher: the configuration has no input {', '.join(unknown)}", file=sys.stderr)


def _commit(opened: Ledger, repository: int, text: str) -> str:
    """The whole name of a commit, which is known here where it is written shorter."""
    from dishwasher.cli.reference import COMMIT
    from dishwasher.core.event import SHA

    sha = text.lower()
    if SHA.fullmatch(sha):
        return sha
    groups = opened.index.commits(repository, sha, 2) if COMMIT.fullmatch(sha) else ()
    if len(groups) != 1:
        raise UserError(f"--sha {text}: write the commit in full, as `git rev-parse` prints it")
    return groups[0].partition("/")[2]


def _inputs(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UserError(f"--input {text}: write NAME=VALUE")
        if name in found:
            raise UserError(f"--input {name} is given twice")
        found[name] = value
    return found
