"""Config × Event → the jobs to run, and for each that does not run, why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dishwasher.core.config import Config, JobSpec, Kind
from dishwasher.core.event import Event, EventKind, Happening
from dishwasher.core.judge import JUDGED_SECONDS, Judge, Unanswered
from dishwasher.core.pattern import Filter
from dishwasher.core.skip import skip_text
from dishwasher.core.when import When
from dishwasher.errors import ConfigError, Problem

SKIPPABLE = frozenset({Happening.PUSH, Happening.TAG, Happening.PULL_REQUEST})
JUDGED_BY_PATHS = frozenset({Happening.PUSH, Happening.PULL_REQUEST, Happening.MERGE_GROUP})
ON_BRANCHES_OF_A_REQUEST = frozenset({Happening.PULL_REQUEST, Happening.MERGE_GROUP})


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of the configuration and why it does not run; an empty text when it does."""

    spec: JobSpec
    left_out: str = ""
    elsewhere: bool = False
    """Another build of the same commit answers for it."""
    mirrors: str = ""
    """Id of the job of another build of this commit that runs in its place."""
    silent: bool = False
    """It runs and gets no check run: another build's has its name."""

    @property
    def runs(self) -> bool:
        return not (self.left_out or self.elsewhere)

    @property
    def is_shown(self) -> bool:
        """It gets a check run; a deployment that is not meant gets none."""
        return self.runs or (self.spec.kind is Kind.CHECK and not self.elsewhere)


@dataclass(frozen=True, slots=True)
class Selection:
    """Every job of the configuration, in file order."""

    planned: tuple[Planned, ...]
    skipped: str = ""
    """Why the event as a whole asks for nothing; no check run is made then."""

    @property
    def running(self) -> tuple[JobSpec, ...]:
        return tuple(one.spec for one in self.planned if one.runs)


def select(
    config: Config,
    event: Event,
    changed: Sequence[str] | None = None,
    clock: Callable[[], float] | None = None,
) -> Selection:
    """What of the configuration the event asks for; deployments need every check that runs.

    `changed` are the paths that the event changes; None where nobody knows, and then no job is
    left out for want of a change. Raises ConfigError when its filters take JUDGED_SECONDS of the
    clock; without a clock they take their time.
    """
    judge = Judge(clock)
    try:
        skipped = _skipped(config, event, judge)
        if skipped:
            return Selection(tuple(Planned(spec, skipped) for spec in config.jobs), skipped)
        planned = [
            Planned(spec, _left_out(spec, config, event, changed, judge)) for spec in config.jobs
        ]
    except TimeoutError as error:
        raise _too_slow(config) from error
    if config.first_deployment_only:
        planned = _first_deployment(planned)
    selection = Selection(_with_needs(planned))
    by_hand = event.kind is EventKind.MANUAL and not event.rerun
    return _alone(selection, event.job) if by_hand and event.job else selection


def _alone(selection: Selection, name: str) -> Selection:
    """The job that someone started by hand, with what it needs.

    The others get no check run: a skipped one would hide how they ended before.
    """
    by_name = {one.spec.name: one for one in selection.planned}
    if name not in by_name:
        return Selection(selection.planned, f"There is no job {name} in this configuration.")
    if not by_name[name].runs:
        return Selection(selection.planned, f"{name} was asked for. {by_name[name].left_out}")
    wanted: set[str] = set()
    more = {name}
    while more:
        wanted |= more
        more = {need for job in more for need in by_name[job].spec.needs} - wanted
    return Selection(
        tuple(replace(one, elsewhere=one.spec.name not in wanted) for one in selection.planned)
    )


def beside_request(planned: Sequence[Planned]) -> tuple[Planned, ...]:
    """What a push builds while an open pull request builds the checks of its branch.

    Deployments are never dropped, and need every check; else only what runs on pushes alone is
    left. What is dropped gets no check run: a skipped one would stand for the request's own.
    """
    if any(one.runs and one.spec.kind is Kind.DEPLOYMENT for one in planned):
        return tuple(planned)
    return tuple(
        replace(one, elsewhere=not (one.runs and is_left_to_pushes(one.spec))) for one in planned
    )


def beside_push(planned: Sequence[Planned]) -> tuple[Planned, ...]:
    """What a pull request of a branch of this repository builds or answers for: its push builds
    and answers for what runs on pushes alone."""
    return tuple(
        replace(
            one,
            elsewhere=not one.runs
            and Happening.PUSH in one.spec.when.events
            and is_left_to_pushes(one.spec),
        )
        for one in planned
    )


def is_left_to_pushes(spec: JobSpec) -> bool:
    return bool(spec.when.events) and Happening.PULL_REQUEST not in spec.when.events


def _too_slow(config: Config) -> ConfigError:
    line = next((spec.line for spec in config.jobs if spec.when != When()), 1)
    message = f"the filters of this file take longer than {JUDGED_SECONDS:g} seconds on this event"
    suggestion = "Write fewer of them, and names or globs in the place of regexes."
    return ConfigError(config.path, (Problem(line, 1, "slow-filters", message, suggestion),))


def _skipped(config: Config, event: Event, judge: Judge) -> str:
    if event.happening in SKIPPABLE:
        found = skip_text(event.message)
        if found:
            return f"The commit message says {found}."
    if event.tag and not any(spec.when.tags.only for spec in config.jobs):
        return "No job of this file asks for tags."
    if event.tag and not any(_asks_for_tag(spec, event, judge) for spec in config.jobs):
        return f"No job of this file asks for the tag {event.tag}."
    return ""


def _asks_for_tag(spec: JobSpec, event: Event, judge: Judge) -> bool:
    try:
        return bool(spec.when.tags.only) and judge.admits(spec.when.tags, event.tag)
    except Unanswered:
        return False


def _left_out(
    spec: JobSpec, config: Config, event: Event, changed: Sequence[str] | None, judge: Judge
) -> str:
    try:
        return (
            _by_event(spec, config, event)
            or _by_owner(spec, event)
            or (_by_tag(spec, event, judge) if event.tag else _by_branch(spec, event, judge))
            or _by_labels(spec, event, judge)
            or _by_paths(spec, event, changed, judge)
        )
    except Unanswered as error:
        # Nobody knows: a check too many is harmless, and a deployment is not.
        return str(error) if spec.kind is Kind.DEPLOYMENT else ""


def _by_event(spec: JobSpec, config: Config, event: Event) -> str:
    happening, events = event.happening, spec.when.events
    if spec.kind is Kind.DEPLOYMENT and happening in ON_BRANCHES_OF_A_REQUEST:
        return "Deployments follow a push, not a pull request."
    schedule = next((one for one in config.schedules if one.name == event.schedule), None)
    if happening is Happening.SCHEDULE and schedule is not None and schedule.jobs:
        named = spec.name in schedule.jobs
        return "" if named else f"The schedule {event.schedule} does not name it."
    if happening in events:
        return ""
    if events:
        labels = f" with {_some(spec.when.labels)}" if spec.when.labels.only else ""
        return f"It runs on {', '.join(events)}{labels}, not on {happening}."
    if happening is Happening.SCHEDULE and spec.kind is Kind.DEPLOYMENT:
        return f"The schedule {event.schedule} does not name it."
    return ""


def _by_owner(spec: JobSpec, event: Event) -> str:
    owner = event.repository.owner
    if spec.when.owner and spec.when.owner.casefold() != owner.casefold():
        return f"It runs for repositories of {spec.when.owner}, not of {owner}."
    return ""


def _by_tag(spec: JobSpec, event: Event, judge: Judge) -> str:
    tags = spec.when.tags
    if tags.only and judge.admits(tags, event.tag):
        return ""
    if tags.ignore and not tags.only and spec.when.branches:
        return f"It runs on {spec.when.branches}, not on tags."
    if tags.only or tags.ignore:
        return f"It runs for the tags {tags}, not for {event.tag}."
    # A check without a word on tags runs for each that some job asks for: what is deployed
    # from a tag has to be checked.
    return f"It deploys {spec.when.branches}, not tags." if spec.kind is Kind.DEPLOYMENT else ""


def _by_branch(spec: JobSpec, event: Event, judge: Judge) -> str:
    branches, tags = spec.when.branches, spec.when.tags
    deploys = spec.kind is Kind.DEPLOYMENT
    if not branches and not spec.when.events and (tags or deploys):
        return f"It {'deploys' if deploys else 'runs for'} the tags {tags}, not branches."
    if judge.admits(branches, event.branch):
        return ""
    if not branches.only or judge.admits(Filter(branches.only), event.branch):
        within = ", ".join(map(str, branches.within))
        if within and not judge.admits(Filter(branches.within), event.branch):
            return f"This file builds {within}, not {event.branch}."
        return f"It ignores {event.branch}."
    only = ", ".join(map(str, branches.only))
    return f"It {'deploys' if deploys else 'runs on'} {only}, not {event.branch}."


def _by_labels(spec: JobSpec, event: Event, judge: Judge) -> str:
    labels, request = spec.when.labels, event.pull_request
    if not labels or request is None:
        return ""
    for label in request.labels:
        if judge.names(labels.ignore, label):
            return f"It does not run with the label {label}."
    if not labels.only or any(judge.names(labels.only, label) for label in request.labels):
        return ""
    return f"It runs with {_some(labels)}, which the pull request does not have."


def _some(labels: Filter) -> str:
    one = "one of the labels" if len(labels.only) > 1 else "the label"
    return f"{one} {', '.join(map(str, labels.only))}"


def asks_for_label(config: Config, label: str) -> bool:
    """Whether a filter is for this label, or nobody knows in time."""
    judge, asked = Judge(), dict.fromkeys(spec.when.labels for spec in config.jobs)
    try:
        return any(judge.names((*labels.only, *labels.ignore), label) for labels in asked)
    except Unanswered:
        return True


def _by_paths(spec: JobSpec, event: Event, changed: Sequence[str] | None, judge: Judge) -> str:
    paths = spec.when.paths
    judged = event.happening in JUDGED_BY_PATHS
    if not paths or changed is None or not judged or judge.admits_any(paths, changed):
        return ""
    return f"Nothing was changed in {paths}."


def _first_deployment(planned: list[Planned]) -> list[Planned]:
    first = next((one for one in planned if one.runs and one.spec.kind is Kind.DEPLOYMENT), None)
    return [
        replace(one, left_out=f"{first.spec.name} comes first, and only one deployment runs.")
        if first is not None and one.runs and one.spec.kind is Kind.DEPLOYMENT and one is not first
        else one
        for one in planned
    ]


def _with_needs(planned: list[Planned]) -> tuple[Planned, ...]:
    """Deployments wait for every check; one that waits for a deployment left out is left out."""
    by_name = {one.spec.name: one for one in planned}
    checks = tuple(one.spec.name for one in planned if one.runs and one.spec.kind is Kind.CHECK)
    while True:
        lacking = [
            (one, need)
            for one in by_name.values()
            if one.runs and one.spec.kind is Kind.DEPLOYMENT
            for need in one.spec.needs
            if not by_name[need].runs and by_name[need].spec.kind is Kind.DEPLOYMENT
        ]
        if not lacking:
            break
        for one, need in lacking:
            left_out = f"It needs {need}, which does not run."
            by_name[one.spec.name] = replace(one, left_out=left_out)
    return tuple(_waiting(one, by_name, checks) for one in by_name.values())


def _waiting(one: Planned, by_name: dict[str, Planned], checks: tuple[str, ...]) -> Planned:
    """Nobody waits for a check that the event leaves out."""
    spec = one.spec
    needs = tuple(name for name in spec.needs if by_name[name].runs)
    if spec.kind is Kind.DEPLOYMENT:
        needs = tuple(dict.fromkeys((*checks, *needs)))
    return one if needs == spec.needs else replace(one, spec=replace(spec, needs=needs))
