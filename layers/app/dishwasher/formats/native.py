"""`.dishwasher.yml`, Dishwasher's own format, to a Config; docs/config.md describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dishwasher.core.config import MATCHERS, Config, JobSpec, Kind, Uses
from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.pattern import Filter, Pattern
from dishwasher.core.step import Phase, Step
from dishwasher.core.when import When
from dishwasher.errors import ConfigError
from dishwasher.formats import compose, jobs
from dishwasher.formats.problems import Problems, show
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar

SECTIONS = ("checks", "deployments")
CHECK_KEYS = ("run", "uses", "annotate", "needs", "artifacts")
DEPLOYMENT_KEYS = ("branch", "run")
# Keys of the agreed format that this version does not read: told apart from misspelt ones.
LATER_SECTIONS = ("machine", "dependencies", "schedules", "inputs", "cache")
_LATER_KEYS = ("environment", "timeout", "when", "finally", "allow_failure")
LATER_CHECK_KEYS = (
    *_LATER_KEYS,
    *("with", "fail", "reports", "matrix", "cache", "group", "setup"),
)
LATER_DEPLOYMENT_KEYS = (
    *_LATER_KEYS,
    *("needs", "url", "tag", "smoke", "screenshots", "inputs", "artifacts"),
)

_USES = tuple(str(uses) for uses in Uses if uses is not Uses.RUN)
# https://git-scm.com/docs/git-check-ref-format; a leading or closing slash means a /regex/ to
# people, a star a glob: neither can be a branch, so reading them as names would never deploy.
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|@\{|^[-/.]|/\.|[/.]$|\.lock(/|$)|^@$")


def parse(path: str, data: bytes) -> Config:
    """The Config of the file's bytes; raises ConfigError with every mistake, in file order."""
    problems = Problems()
    root = compose.parse(data, problems)
    found: list[jobs.Draft] = []
    # Where the YAML itself is broken there is no tree, and nothing more to say.
    if root is not None:
        found = list(_Native(Reader(problems)).document(root))
        jobs.check(found, problems)
    if not problems and not found:
        problems.add(1, 1, "empty", "the file is empty", "Write at least one check.")
    if problems:
        raise ConfigError(path, problems.in_file_order())
    return Config(path, tuple(draft.spec for draft in found))


class _Native:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def document(self, root: Node) -> Iterable[jobs.Draft]:
        if isinstance(root, Scalar) and root.is_null:
            return
        if not isinstance(root, Mapping):
            message = "the file must be a mapping with `checks` and `deployments`"
            self._reader.note(root, "wrong-type", message)
            return
        sections = self._reader.known(root.entries, "at the top", SECTIONS, LATER_SECTIONS)
        example = "`name: {run: command}` below it"
        drafts = 0
        for name, read in (("checks", self._check), ("deployments", self._deployment)):
            if name not in sections:
                continue
            for entry in self._reader.mapping(sections[name], "names to what they run", example):
                drafts += 1
                yield read(entry)
        if not drafts and not self._reader.problems:
            self._reader.note(root, "empty", "the file has no check and no deployment")

    def _check(self, entry: Entry) -> jobs.Draft:
        if isinstance(entry.value, Scalar) and not entry.value.is_null:
            # The short form, `lint: flake8 app`.
            phases = _phases(self._reader.texts(entry))
            return jobs.Draft(_spec(entry, Kind.CHECK, phases=phases), entry.key)
        keys = self._keys(entry, "of a check", CHECK_KEYS, LATER_CHECK_KEYS)
        uses = self._uses(keys)
        self._one_of_run_and_uses(entry, keys)
        needs = self._texts(keys, "needs")
        spec = _spec(
            entry,
            Kind.CHECK,
            uses=uses,
            phases=_phases(self._texts(keys, "run")),
            needs=tuple(dict.fromkeys(_raw(needs))),
            annotate=self._annotate(keys),
            artifacts=self._artifacts(keys),
        )
        return jobs.Draft(spec, entry.key, needs)

    def _deployment(self, entry: Entry) -> jobs.Draft:
        keys = self._keys(entry, "of a deployment", DEPLOYMENT_KEYS, LATER_DEPLOYMENT_KEYS)
        for name, example in (("branch", "branch: main"), ("run", "run: ./deploy.sh")):
            if name not in keys and isinstance(entry.value, Mapping):
                message = f"the deployment {show(entry.key.text)} has no `{name}`"
                suggestion = f"Add `{example}`."
                self._reader.note(entry.key, f"missing-{name}", message, suggestion)
        spec = _spec(
            entry,
            Kind.DEPLOYMENT,
            phases=_phases(self._texts(keys, "run")),
            when=When(branches=self._branches(keys)),
        )
        return jobs.Draft(spec, entry.key)

    def _keys(
        self, entry: Entry, where: str, known: tuple[str, ...], later: tuple[str, ...]
    ) -> dict[str, Entry]:
        value = entry.value
        if isinstance(value, Scalar) and value.is_null:
            name = show(entry.key.text)
            self._reader.note(entry.key, "empty", f"{name} says nothing", "Add `run: command`.")
            return {}
        entries = self._reader.mapping(entry, "keys to values", "`run: command` below it")
        return self._reader.known(entries, where, known, later)

    def _texts(self, keys: dict[str, Entry], name: str) -> tuple[Scalar, ...]:
        return self._reader.texts(keys[name]) if name in keys else ()

    def _one_of_run_and_uses(self, entry: Entry, keys: dict[str, Entry]) -> None:
        if not isinstance(entry.value, Mapping):
            return
        if "run" not in keys and "uses" not in keys:
            message = f"the check {show(entry.key.text)} has neither `run` nor `uses`"
            self._reader.note(entry.key, "missing-run", message, "Add `run: command`.")
        if "uses" not in keys:
            return
        for name in ("run", "annotate", "artifacts"):
            if name in keys:
                message = f"`uses` and `{name}` can not stand together"
                suggestion = f"Delete one of them, or put `{name}` in a check of its own."
                self._reader.note(keys[name].key, "conflict", message, suggestion)

    def _uses(self, keys: dict[str, Entry]) -> Uses:
        scalar = self._reader.text(keys["uses"]) if "uses" in keys else None
        if scalar is None:
            return Uses.RUN
        if scalar.text in _USES:
            return Uses(scalar.text)
        message = f"{show(scalar.text)} is not a check of Dishwasher; there is "
        message += ", ".join(map(show, _USES))
        suggestion = self._reader.problems.nearest(scalar.text, _USES)
        self._reader.note(scalar, "unknown-value", message, suggestion)
        return Uses.RUN

    def _annotate(self, keys: dict[str, Entry]) -> tuple[str, ...]:
        names = self._texts(keys, "annotate")
        for scalar in names:
            if scalar.text not in MATCHERS:
                message = f"{show(scalar.text)} is not a tool whose output can be read; there is "
                message += ", ".join(map(show, MATCHERS))
                suggestion = self._reader.problems.nearest(scalar.text, MATCHERS)
                self._reader.note(scalar, "unknown-value", message, suggestion)
        return tuple(dict.fromkeys(_raw(names)))

    def _artifacts(self, keys: dict[str, Entry]) -> tuple[ArtifactSet, ...]:
        globs = self._texts(keys, "artifacts")
        for scalar in globs:
            if scalar.text.startswith(("/", "~", "$")) or ".." in scalar.text.split("/"):
                message = f"{show(scalar.text)} does not stay inside the checkout"
                suggestion = "Write a path or glob relative to it, such as `reports/*.xml`."
                self._reader.note(scalar, "bad-path", message, suggestion)
        return (ArtifactSet(_raw(globs)),) if globs else ()

    def _branches(self, keys: dict[str, Entry]) -> Filter:
        names = self._texts(keys, "branch")
        for scalar in names:
            if _NO_BRANCH.search(scalar.text):
                message = f"{show(scalar.text)} can not be the name of a branch"
                suggestion = "Write exact names; patterns are not supported by this version yet."
                self._reader.note(scalar, "bad-branch", message, suggestion)
        return Filter(tuple(map(Pattern, dict.fromkeys(_raw(names)))))


def _phases(commands: tuple[Scalar, ...]) -> tuple[Phase, ...]:
    if not commands:
        return ()
    return (Phase("build", tuple(Step(command.text, command.line) for command in commands)),)


def _spec(entry: Entry, kind: Kind, **values: object) -> JobSpec:
    return JobSpec(name=entry.key.text, kind=kind, line=entry.key.line, **values)  # type: ignore[arg-type]


def _raw(scalars: tuple[Scalar, ...]) -> tuple[str, ...]:
    return tuple(scalar.text for scalar in scalars)
