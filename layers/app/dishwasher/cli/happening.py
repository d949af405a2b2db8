"""The event that somebody at a command line has in mind, and what it changes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.cli.checkout import Checkout
from dishwasher.core.config import Config, Input, Schedule
from dishwasher.core.event import Event, EventKind, Happening, PullRequest, Repository
from dishwasher.errors import UserError
from dishwasher.formats.problems import Problems
from dishwasher.formats.reader import listing

_KINDS = {
    Happening.PUSH: EventKind.PUSH,
    Happening.TAG: EventKind.PUSH,
    Happening.PULL_REQUEST: EventKind.PULL_REQUEST,
    Happening.MERGE_GROUP: EventKind.MERGE_GROUP,
    Happening.SCHEDULE: EventKind.SCHEDULE,
    Happening.MANUAL: EventKind.MANUAL,
}
_JUDGED_BY_PATHS = (Happening.PUSH, Happening.PULL_REQUEST, Happening.MERGE_GROUP)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, the paths that it changes (None: nobody knows), and the base they differ from."""

    event: Event
    changed: tuple[str, ...] | None
    base: str


def add(parser: argparse.ArgumentParser) -> None:
    """The options that describe an event; what is not given, the checkout tells."""
    group = parser.add_argument_group("the event, what is not given being taken from git")
    group.add_argument("--event", choices=list(map(str, Happening)), help="push, unless --tag …")
    group.add_argument("--branch", help="the branch pushed, or a pull request's own")
    group.add_argument("--tag", help="the tag pushed")
    group.add_argument("--base", help="the branch that a pull request goes to")
    group.add_argument(
        "--label", action="append", default=[], metavar="NAME", help="that the pull request has"
    )
    group.add_argument("--message", metavar="TEXT", help="of the commit, where [skip ci] may stand")
    group.add_argument("--changed", nargs="*", metavar="PATH", help="files that are changed")
    group.add_argument("--owner", help="the account that owns the repository")
    group.add_argument("--schedule", metavar="NAME", help="the schedule whose time has come")
    group.add_argument(
        "--input", action="append", default=[], metavar="NAME=VALUE", help="of a build by hand"
    )


def happened(options: argparse.Namespace, config: Config, checkout: Checkout) -> Happened:
    """Raises UserError for options that do not go together, or that the file does not know."""
    _note_empty(options)
    kind = _kind(options)
    schedule = _schedule(options.schedule, config.schedules) if kind == "schedule" else None
    owner, name = checkout.owner_and_name
    default = checkout.default_branch
    branch = options.branch or (schedule.branch or default if schedule else checkout.branch)
    branch = "" if kind is Happening.TAG else branch or default
    base = options.base or default
    asked = kind is Happening.PULL_REQUEST
    event = Event(
        kind=_KINDS[kind],
        delivery="",
        repository=Repository(0, options.owner or owner, name, default, True, 0),
        sender="",
        sha=checkout.sha,
        branch=branch,
        pull_request=_request(options, branch, base, checkout) if asked else None,
        tag=_tag(options, kind),
        message=checkout.message if options.message is None else options.message,
        schedule=schedule.name if schedule else "",
        inputs=_inputs(options.input, config.inputs) if kind is Happening.MANUAL else (),
    )
    changed = options.changed
    if changed is None and kind in _JUDGED_BY_PATHS:
        changed = checkout.changed(base)
    return Happened(event, None if changed is None else tuple(changed), base)


def _request(
    options: argparse.Namespace, branch: str, base: str, checkout: Checkout
) -> PullRequest:
    return PullRequest(0, branch, 0, base, checkout.sha, labels=tuple(options.label))


def _note_empty(options: argparse.Namespace) -> None:
    """`--tag "$TAG"` with nothing in it must not become a push that deploys."""
    for name in ("branch", "tag", "base", "owner", "schedule"):
        if getattr(options, name) == "":
            raise UserError(f"--{name} is empty; leave it out, or say what it is")


def _kind(options: argparse.Namespace) -> Happening:
    implied = (
        (options.tag, Happening.TAG),
        (options.schedule, Happening.SCHEDULE),
        (options.input, Happening.MANUAL),
        (options.base or options.label, Happening.PULL_REQUEST),
    )
    named = next((kind for given, kind in implied if given), Happening.PUSH)
    kind = Happening(options.event) if options.event else named
    if options.tag and kind is not Happening.TAG:
        raise UserError(f"--tag is for the event tag, not for {kind}")
    if options.schedule and kind is not Happening.SCHEDULE:
        raise UserError(f"--schedule is for the event schedule, not for {kind}")
    if options.label and kind is not Happening.PULL_REQUEST:
        raise UserError(f"--label is for the event pull_request, not for {kind}")
    if options.input and kind is not Happening.MANUAL:
        raise UserError(f"--input is for the event manual, not for {kind}")
    return kind


def _tag(options: argparse.Namespace, kind: Happening) -> str:
    if kind is not Happening.TAG:
        return ""
    if not options.tag:
        raise UserError("the event tag needs a tag: --tag v1.2.0")
    return str(options.tag)


def _schedule(name: str | None, known: Sequence[Schedule]) -> Schedule:
    if not known:
        raise UserError("the configuration has no schedules")
    names = [one.name for one in known]
    if name is None and len(known) == 1:
        return known[0]
    if name is None:
        raise UserError(f"the event schedule needs --schedule; there is {listing(names)}")
    if name not in names:
        raise UserError(_unknown("schedule", name, names))
    return known[names.index(name)]


def _inputs(given: Sequence[str], known: Sequence[Input]) -> tuple[tuple[str, str], ...]:
    """Each input's value, given or by default."""
    values = {one.name: one.default for one in known}
    by_name = {one.name: one for one in known}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--input {text} has no value: --input {text}=VALUE")
        if name not in by_name:
            raise UserError(_unknown("input", name, list(by_name)))
        options = by_name[name].options
        if options and value not in options:
            raise UserError(f"the input {name} is one of {listing(options)}, not {value}")
        values[name] = value
    lacking = [one.name for one in known if one.required and not values[one.name]]
    if lacking:
        raise UserError(f"the input {lacking[0]} is required: --input {lacking[0]}=VALUE")
    return tuple(values.items())


def _unknown(what: str, name: str, known: list[str]) -> str:
    if not known:
        return f"the configuration has no {what}s"
    meant = Problems().nearest(name, known)
    return f"there is no {what} {name}; there is {listing(known)}" + (f". {meant}" if meant else "")
