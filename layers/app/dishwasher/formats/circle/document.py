"""A whole circle.yml to a Config: one check with CircleCI's order, and its deployments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dishwasher.core.config import Config, JobSpec, Kind
from dishwasher.core.outputs import REPORTS_FOLDER, ArtifactSet, Cache, ReportFormat, ReportSet
from dishwasher.core.pattern import Filter
from dishwasher.core.step import Phase, Shell
from dishwasher.core.when import When
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import compose, jobs
from dishwasher.formats.circle import deployment, keys
from dishwasher.formats.circle.commands import SILENCE
from dishwasher.formats.circle.phases import Build, build
from dishwasher.formats.circle.values import at_home, stays
from dishwasher.formats.circle.variables import FACTS
from dishwasher.formats.commands.annotating import matchers
from dishwasher.formats.commands.effects import any_effect
from dishwasher.formats.problems import Problems, show
from dishwasher.formats.reader import Reader, kind, listing
from dishwasher.formats.repository import Repository
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar

CHECK, CHECK_TOO = "build", "build and test"
"""Name of the check, and the one it has when a deployment bears the first."""
REPORTS = (ReportSet(ReportFormat.JUNIT, ("**/*.xml",), base=REPORTS_FOLDER),)
"""CircleCI read every JUnit file below $CIRCLE_TEST_REPORTS."""
_MODIFIER = re.compile(
    rb"\s+(?:timeout|pwd|environment|parallel|files|background):(?:\s|$)", re.ASCII
)


def parse(path: str, data: bytes, repository: Repository = Repository()) -> Config:  # noqa: B008
    """The Config of the file's bytes; raises ConfigError with every mistake, in file order."""
    problems = Problems()
    root = compose.parse(data, problems)
    reader = Reader(problems)
    drafts: tuple[jobs.Draft, ...] = ()
    notes: tuple[str, ...] = ()
    if not problems:
        document = _Document(root, reader)
        built = build(document.fields, document.directory, repository, reader)
        drafts, notes = tuple(document.drafts(built)), built.notes
        jobs.check(drafts, problems)
    if problems:
        raise ConfigError(path, tuple(_advised(problems.in_file_order(), data)))
    specs = tuple(draft.spec for draft in drafts)
    warned = problems.in_file_order()
    return Config(path, specs, first_deployment_only=True, warnings=warned, notes=notes)


def _advised(problems: tuple[Problem, ...], data: bytes) -> Iterator[Problem]:
    """The commonest mistake of indentation is one that YAML itself gives up at."""
    lines = data.splitlines()
    for problem in problems:
        written = lines[problem.line - 1] if 0 < problem.line <= len(lines) else b""
        if problem.code == "syntax" and _MODIFIER.match(written):
            advice = (
                "The command above needs a colon at its end, and its modifiers four more spaces."
            )
            yield replace(problem, suggestion=advice)
        else:
            yield problem


class _Document:
    """The sections of a file, each read once."""

    def __init__(self, root: Node | None, reader: Reader) -> None:
        self._reader = reader
        self._entries = _sections(root, reader)
        self.fields: dict[str, Any] = {
            key.name: key.type.read(self._entries[key.name], reader)
            for key in keys.SECTIONS
            if key.name in self._entries
        }
        for name in ("experimental", "notify"):
            if name in self._entries:
                message = f"{show(name)} is read and not acted on"
                reader.warn(self._entries[name].key, "not-used", message)
        general: Fields | None = self.fields.get("general")
        self.directory = _directory(general, reader)
        self._branches = _branches(general)
        self._artifacts = _artifacts(general, self.directory, reader)

    def drafts(self, built: Build) -> Iterator[jobs.Draft]:
        section = self._entries.get("deployment")
        found = () if section is None else deployment.entries(section, self._branches, self._reader)
        taken = {one.name.text.casefold() for one in found}
        name = CHECK_TOO if CHECK in taken else CHECK
        check = replace(
            self._spec(Scalar(name, 1, 1), Kind.CHECK, built, built.phases),
            when=When(branches=self._branches),
            caches=_caches(built, save=True),
            reports=REPORTS,
            repeatable=not any_effect(built.steps),
        )
        yield jobs.Draft(check, Scalar(name, 1, 1))
        for one in found:
            phases = built.before_deployment(one.steps)
            spec = replace(
                self._spec(one.name, Kind.DEPLOYMENT, built, phases),
                when=one.when,
                history=one.history,
                caches=_caches(built, save=False),
                repeatable=False,
            )
            yield jobs.Draft(spec, one.name)

    def _spec(self, name: Scalar, kind: Kind, built: Build, phases: tuple[Phase, ...]) -> JobSpec:
        """What the check and the deployments have alike."""
        return JobSpec(
            name.text,
            kind,
            name.line,
            phases=phases,
            shell=Shell.EACH,
            directory=self.directory,
            machine=built.machine,
            facts=FACTS,
            all_secrets=True,
            annotate=matchers(step.command for phase in phases for step in phase.steps),
            artifacts=self._artifacts,
            silence=SILENCE,
        )


def _sections(root: Node | None, reader: Reader) -> dict[str, Entry]:
    """The known sections; an empty file is one without any, from which all is inferred."""
    if root is None or (isinstance(root, Scalar) and root.is_null):
        return {}
    if not isinstance(root, Mapping):
        message = f"the file must be a mapping with {listing(keys.NAMES)}, and is {kind(root)}"
        reader.note(root, "wrong-type", message)
        return {}
    found = {entry.key.text: entry for entry in root.entries if entry.key.text in keys.NAMES}
    for entry in root.entries:
        if entry.key.text not in found:
            _unknown(entry, bool(found), reader)
    return found


def _unknown(entry: Entry, has_sections: bool, reader: Reader) -> None:
    name = entry.key.text
    if name in keys.LATER_VERSION and not (has_sections and name == "version"):
        message = f"{show(name)} is of CircleCI 2, whose configuration is another format"
        suggestion = "Write a `.dishwasher.yml`; `dishwasher init` begins one."
        reader.note(entry.key, "later-version", message, suggestion)
        return
    nearest = reader.problems.nearest(name, keys.NAMES)
    what = "and nothing of it is used" if not nearest else "so that none of its commands runs"
    message = f"{show(name)} is not a section, {what}; known are {listing(keys.NAMES)}"
    reader.warn(entry.key, "unknown-section", message, nearest)


def _directory(general: Fields | None, reader: Reader) -> str:
    scalar = None if general is None else general.get(keys.BUILD_DIR)
    if scalar is None:
        return ""
    text = scalar.text.strip()
    if text.startswith(("/", "~", "$")) or ".." in text.split("/"):
        message = f"{show(text)} does not stay inside the checkout"
        reader.note(scalar, "bad-path", message, "Write a path relative to it, such as `backend`.")
        return ""
    return "/".join(part for part in text.split("/") if part not in ("", "."))


def _branches(general: Fields | None) -> Filter:
    found = None if general is None else general.get(keys.BRANCHES)
    if not isinstance(found, Fields):
        return Filter()
    return Filter(found.or_else(keys.ONLY, ()), found.or_else(keys.IGNORE, ()))


def _artifacts(general: Fields | None, directory: str, reader: Reader) -> tuple[ArtifactSet, ...]:
    kept = []
    for scalar in () if general is None else general.or_else(keys.ARTIFACTS, ()):
        text = at_home(scalar.text.strip())
        if not stays(text):
            message = f"{show(text)} is neither inside the checkout nor below `~/`, and is not kept"
            reader.warn(
                scalar, "bad-path", message, "Copy it to `$CIRCLE_ARTIFACTS` in `test.post`."
            )
        else:
            kept.append(text)
    return (ArtifactSet(tuple(dict.fromkeys(kept)), base=directory),) if kept else ()


def _caches(built: Build, *, save: bool) -> tuple[Cache, ...]:
    return (Cache(built.cached, save=save),) if built.cached else ()
