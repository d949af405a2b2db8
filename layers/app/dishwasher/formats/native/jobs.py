"""The checks and deployments of `.dishwasher.yml`, one by one, to jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dishwasher.core.config import JobSpec, Kind, Spelling, Uses
from dishwasher.core.environment import RESERVED
from dishwasher.core.outputs import ArtifactSet, ReportFormat, ReportSet, Secret
from dishwasher.core.step import Phase, Step
from dishwasher.formats.jobs import Draft
from dishwasher.formats.native import keys, parts
from dishwasher.formats.native import machine as machines
from dishwasher.formats.native import when as whens
from dishwasher.formats.native.machine import Setup, Written
from dishwasher.formats.native.matrix import Matrix
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields, Key
from dishwasher.formats.tree import Entry, Mapping, Scalar

FACTS = tuple(
    (f"DISHWASHER_{name}", template)
    for name, template in (
        ("JOB", "{job}"),
        ("JOB_URL", "{build_url}"),
        ("BUILD", "{build}"),
        ("BUILD_NUMBER", "{build_number}"),
        ("ATTEMPT", "{attempt}"),
        ("EVENT", "{event}"),
        ("REPOSITORY", "{repository}"),
        ("BRANCH", "{branch}"),
        ("TAG", "{tag}"),
        ("SHA", "{sha}"),
        ("BASE_BRANCH", "{base_branch}"),
        ("BASE_SHA", "{base_sha}"),
        ("PULL_REQUEST", "{pull_request}"),
        ("PULL_REQUEST_URL", "{pull_request_url}"),
        ("SENDER", "{sender}"),
        ("ARTIFACTS", "{artifacts}"),
        ("CHECKOUT", "{checkout}"),
    )
)
"""Variables of every job, where they are known."""

BUILD, DEPENDENCIES = "build", "dependencies"
_ONLY_RUN = (
    *(keys.ANNOTATE, keys.ARTIFACTS, keys.REPORTS, keys.JOB_CACHE, keys.ENVIRONMENT),
    *(keys.SECRETS, keys.MATRIX, keys.SILENCE, keys.FINALLY, keys.GROUP, keys.SETUP),
    keys.NETWORK,
)
_ONLY_USES = (keys.WITH, keys.FAIL)


@dataclass(frozen=True, slots=True)
class Read:
    """A job, before its matrix is expanded, and the places that only this format knows of."""

    draft: Draft
    group: Scalar | None = None
    matrix: Matrix | None = None
    is_set_up: bool = True
    variables: tuple[Scalar, ...] = ()


class Jobs:
    """Reads jobs whose surroundings are known."""

    def __init__(self, setup: Setup, reader: Reader) -> None:
        self._setup = setup
        self._variables = frozenset(name.text for name, _ in setup.written)
        self._reader = reader

    def all(self, top: Fields) -> Iterator[Read]:
        """Checks first, whatever the order of the sections."""
        for entry, check in top.or_else(keys.CHECKS, ()):
            yield self._short(entry, check) if isinstance(check, tuple) else self._check(check)
        for entry, deployment in top.or_else(keys.DEPLOYMENTS, ()):
            if isinstance(deployment, tuple):
                yield _unreadable(entry.key, Kind.DEPLOYMENT)
            else:
                yield self._deployment(deployment)

    def _short(self, entry: Entry, commands: tuple[Scalar, ...]) -> Read:
        """`lint: flake8 app`"""
        machine = self._setup.machine((), is_set_up=True)
        spec = JobSpec(
            entry.key.text,
            Kind.CHECK,
            entry.key.line,
            phases=self._phases(commands, (), is_set_up=True),
            machine=machine,
            facts=FACTS,
            caches=self._setup.caches,
            network=self._setup.reach.on,
            hosts=self._setup.reach.hosts,
        )
        return Read(Draft(spec, entry.key))

    def _check(self, fields: Fields) -> Read:
        if not self._says_something(fields):
            return _unreadable(fields.place, Kind.CHECK)
        if keys.USES in fields:
            return self._uses(fields)
        self._note_together(fields, "run", _ONLY_USES, "uses: spelling")
        if keys.RUN not in fields:
            message = f"the check {show(fields.place.text)} has neither `run` nor `uses`"
            self._reader.note(fields.place, "missing-run", message, "Add `run: command`.")
        matrix = fields.get(keys.MATRIX)
        self._note_shadows(fields, matrix)
        read = self._run(fields, Kind.CHECK, fields.get(keys.RUN))
        spec = replace(
            read.draft.spec,
            annotate=fields.or_else(keys.ANNOTATE, ()),
            reports=self._reports(fields),
            group=machines.text(fields.get(keys.GROUP)),
            caches=(
                *read.draft.spec.caches,
                *machines.caches(fields, keys.JOB_CACHE, self._reader),
            ),
        )
        draft = replace(read.draft, spec=spec)
        return replace(read, draft=draft, group=fields.get(keys.GROUP), matrix=matrix)

    def _uses(self, fields: Fields) -> Read:
        for key in (keys.RUN, *_ONLY_RUN):
            if key in fields:
                message = f"`uses` and {show(key.name)} can not stand together"
                suggestion = f"Delete one of them, or put {show(key.name)} in a check of its own."
                self._reader.note(fields.entry(key).key, "conflict", message, suggestion)
        needs = _needs(fields)
        spec = JobSpec(
            fields.place.text,
            Kind.CHECK,
            fields.place.line,
            uses=Uses.SPELLING,
            spelling=_spelling(fields),
            needs=_raw(needs),
            when=whens.read(fields, Kind.CHECK, self._reader),
            timeout=fields.or_else(keys.TIMEOUT, 0.0),
            allow_failure=fields.or_else(keys.ALLOW_FAILURE, False),
        )
        return Read(Draft(spec, fields.place, needs), is_set_up=False)

    def _deployment(self, fields: Fields) -> Read:
        if not isinstance(fields.node, Mapping):
            return _unreadable(fields.place, Kind.DEPLOYMENT)
        read = self._run(fields, Kind.DEPLOYMENT, fields.get(keys.DEPLOY))
        spec = replace(
            read.draft.spec,
            url=fields.or_else(keys.URL, ""),
            smoke=fields.or_else(keys.SMOKE, ""),
            screenshots=fields.or_else(keys.SCREENSHOTS, ""),
        )
        return replace(read, draft=replace(read.draft, spec=spec))

    def _run(self, fields: Fields, kind: Kind, commands: tuple[Scalar, ...] | None) -> Read:
        """What checks and deployments with `run` have in common."""
        is_set_up = self._is_set_up(fields)
        written = machines.variables(fields, keys.ENVIRONMENT, self._reader)
        machine = self._setup.machine(machines.environment(written), is_set_up=is_set_up)
        machines.warn_of_servers(written, machine.services, self._reader)
        needs, reach = _needs(fields), fields.or_else(keys.NETWORK, self._setup.reach)
        spec = JobSpec(
            fields.place.text,
            kind,
            fields.place.line,
            phases=self._phases(
                commands or (), fields.or_else(keys.FINALLY, ()), is_set_up=is_set_up
            ),
            machine=machine,
            facts=FACTS,
            secrets=self._secrets(fields, written),
            needs=_raw(needs),
            when=whens.read(fields, kind, self._reader),
            artifacts=_artifacts(fields.or_else(keys.ARTIFACTS, ())),
            caches=self._setup.caches if is_set_up else (),
            timeout=fields.or_else(keys.TIMEOUT, 0.0),
            silence=fields.or_else(keys.SILENCE, 0.0),
            network=reach.on,
            hosts=reach.hosts,
            allow_failure=fields.or_else(keys.ALLOW_FAILURE, False),
        )
        self._check_silence(fields)
        if is_set_up and self._setup.dependencies and keys.NETWORK in fields and reach.is_nothing:
            machines.warn_of_no_network(fields, keys.NETWORK, self._reader)
        variables = (*(name for name, _ in written), *fields.or_else(keys.SECRETS, ()))
        return Read(Draft(spec, fields.place, needs), None, None, is_set_up, variables)

    def _says_something(self, fields: Fields) -> bool:
        if isinstance(fields.node, Mapping):
            return True
        name = show(fields.place.text)
        self._reader.note(fields.place, "empty", f"{name} says nothing", "Add `run: command`.")
        return False

    def _phases(
        self, commands: tuple[Scalar, ...], closing: tuple[Scalar, ...], *, is_set_up: bool
    ) -> tuple[Phase, ...]:
        before: tuple[Step, ...] = self._setup.dependencies if is_set_up else ()
        build = Phase(BUILD, machines.steps(commands), machines.steps(closing))
        return (Phase(DEPENDENCIES, before), build) if before else (build,)

    def _is_set_up(self, fields: Fields) -> bool:
        is_set_up = fields.or_else(keys.SETUP, True)
        if not is_set_up and not self._setup.can_be_skipped:
            message = "there is no set-up to leave out: no `dependencies`, `cache` or `services`"
            self._reader.warn(fields.entry(keys.SETUP).key, "no-effect", message, "Delete it.")
        return is_set_up

    def _check_silence(self, fields: Fields) -> None:
        timeout, silence = fields.get(keys.TIMEOUT), fields.get(keys.SILENCE)
        if timeout is not None and silence is not None and silence >= timeout:
            message = "`silence` is not shorter than `timeout`, which ends the job first"
            self._reader.note(fields.entry(keys.SILENCE).key, "conflict", message, "Shorten it.")

    def _note_together(
        self, fields: Fields, name: str, others: tuple[Key[Any], ...], example: str
    ) -> None:
        for key in others:
            if key in fields:
                message = f"{show(key.name)} says how `uses` does its work, and there is none"
                suggestion = f"Delete it, or write `{example}` in place of `{name}`."
                self._reader.note(fields.entry(key).key, "conflict", message, suggestion)

    def _note_shadows(self, fields: Fields, matrix: Matrix | None) -> None:
        given = {name.text for name, _ in fields.or_else(keys.ENVIRONMENT, ())}
        given |= {scalar.text for scalar in fields.or_else(keys.SECRETS, ())}
        for axis in matrix.axes if matrix is not None else ():
            if axis.text in given:
                message = f"{show(axis.text)} is an axis of the matrix and a variable of this check"
                self._reader.note(axis, "conflict", message, "Delete one of the two.")

    def _secrets(self, fields: Fields, written: Written) -> tuple[Secret, ...]:
        found = fields.or_else(keys.SECRETS, ())
        own = {name.text for name, _ in written}
        for scalar in found:
            if scalar.text in own or scalar.text in self._variables:
                message = f"{show(scalar.text)} is a secret here and a variable with its value"
                suggestion = "Delete the variable: a secret's value does not belong in a file."
                self._reader.note(scalar, "conflict", message, suggestion)
            elif scalar.text.startswith(RESERVED):
                message = f"variables that begin with `{RESERVED}` are set by Dishwasher"
                self._reader.note(scalar, "reserved", message, "Choose another name.")
        return tuple(Secret(scalar.text, line=scalar.line) for scalar in found)

    def _reports(self, fields: Fields) -> tuple[ReportSet, ...]:
        reports = fields.get(keys.REPORTS)
        if reports is None:
            return ()
        if reports.says_nothing:
            suggestion = "Add `junit: reports/*.xml`."
            self._reader.note(reports.place, "empty", "`reports` says nothing", suggestion)
        return tuple(
            ReportSet(ReportFormat(key.name), files)
            for key in (parts.JUNIT, parts.COBERTURA)
            if (files := reports.get(key))
        )


def _unreadable(name: Scalar, kind: Kind) -> Read:
    return Read(Draft(JobSpec(name.text, kind, name.line), name))


def _spelling(fields: Fields) -> Spelling:
    given = fields.get(keys.WITH)
    fail = fields.or_else(keys.FAIL, False)
    if given is None:
        return Spelling(fail=fail)
    brands = tuple((right.text, _raw(wrong)) for right, wrong in given.or_else(parts.BRANDS, ()))
    return Spelling(brands, _raw(given.or_else(parts.WORDS, ())), fail)


def _needs(fields: Fields) -> tuple[Scalar, ...]:
    """Each name once, at its first place."""
    named: dict[str, Scalar] = {}
    for scalar in fields.or_else(keys.NEEDS, ()):
        named.setdefault(scalar.text, scalar)
    return tuple(named.values())


def _artifacts(paths: tuple[str, ...]) -> tuple[ArtifactSet, ...]:
    kept = tuple(path for path in paths if not path.startswith("!"))
    taken_away = tuple(path[1:] for path in paths if path.startswith("!"))
    return (ArtifactSet(kept, exclude=taken_away),) if kept else ()


def _raw(scalars: tuple[Scalar, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scalar.text for scalar in scalars))
