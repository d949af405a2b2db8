"""Check runs on GitHub. https://docs.github.com/en/rest/checks/runs"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from dishwasher.core.added import Added, added_file
from dishwasher.core.annotation import MAX_TITLE
from dishwasher.core.event import Repository
from dishwasher.core.findings import Finding
from dishwasher.core.markdown import MAX_OUTPUT_BYTES
from dishwasher.core.report import ANNOTATIONS_PER_REQUEST, Check, Status
from dishwasher.errors import Ambiguous, InfraError, Rejected, Unseen
from dishwasher.github.answer import Missing, read
from dishwasher.github.app import GithubApp
from dishwasher.github.client import Call
from dishwasher.ports import Checks, PostedCheck

PER_PAGE = 100
MAX_PAGES = 50
"""More check runs of ours on one commit than this many pages hold are not read."""
MAX_FILES = 300
"""A comparison lists no more: https://docs.github.com/en/rest/commits/commits#compare-two-commits"""
MAX_MESSAGE = 64 * 1024 - 1
"""Bytes, of an annotation's message."""


@dataclass(frozen=True, slots=True)
class _Owner:
    id: int


@dataclass(frozen=True, slots=True)
class _Run:
    id: int
    status: str
    external_id: str | None = None
    app: _Owner | None = None


@dataclass(frozen=True, slots=True)
class _Runs:
    total_count: int
    check_runs: tuple[_Run, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    id: int


@dataclass(frozen=True, slots=True)
class _Output:
    annotations_count: int


@dataclass(frozen=True, slots=True)
class _Annotated:
    output: _Output


@dataclass(frozen=True, slots=True)
class _File:
    filename: str
    status: str
    changes: int = 0
    patch: str | None = None

    @property
    def is_moved(self) -> bool:
        """It has another name, and the same lines."""
        return self.status == "renamed" and not self.changes


@dataclass(frozen=True, slots=True)
class _Compared:
    files: tuple[_File, ...] = ()


class GithubChecks:
    """Checks over GitHub's REST API; annotations go in requests of fifty."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def create(self, repository: Repository, check: Check) -> int:
        """Open the check run and answer its id; raises Ambiguous when it may have been made.

        When only its further annotations failed it was made, and that is Ambiguous too: `list`
        finds it and `annotated` says how far they came.
        """
        first = check.annotations[:ANNOTATIONS_PER_REQUEST]
        rest = check.annotations[ANNOTATIONS_PER_REQUEST:]
        try:
            id = self._post(repository, check, first)
        except Rejected:
            if not first:
                raise
            # Is it the annotations? Then the check run still is to be opened.
            id, rest = self._post(repository, check, ()), check.annotations
        self._annotate(repository, id, check, rest)
        return id

    def update(self, repository: Repository, id: int, check: Check) -> None:
        """Make the check run say this; `check.annotations` are added to those it has.

        One annotation that GitHub rejects costs neither the others nor the conclusion. Raises
        Ambiguous when annotations may have been added; without any, a repeat is harmless.
        """
        first = check.annotations[:ANNOTATIONS_PER_REQUEST]
        rest = check.annotations[ANNOTATIONS_PER_REQUEST:]
        try:
            self._patch(repository, id, check, _state(check) | _output(check, first), first)
        except Rejected:
            if not first:
                raise
            self._patch(repository, id, check, _state(check) | _output(check, ()), ())
            rest = check.annotations
        self._annotate(repository, id, check, rest)

    def list(self, repository: Repository, sha: str) -> tuple[PostedCheck, ...]:
        """Every check run of ours on this commit, re-runs included; once each."""
        app = self._app.id
        found: dict[int, PostedCheck] = {}
        for page in range(1, MAX_PAGES + 1):
            # filter: by default only the latest of each name is listed, and doubles are not.
            query: dict[str, str | int] = {
                "filter": "all",
                "app_id": app,
                "per_page": PER_PAGE,
                "page": page,
            }
            call = Call("GET", f"/commits/{sha}/check-runs", query)
            runs = read(_Runs, self._app.call(repository, call), str(call))
            for run in runs.check_runs:
                if run.app is None or run.app.id == app:
                    completed = run.status == Status.COMPLETED
                    found[run.id] = PostedCheck(run.id, run.external_id or "", completed)
            if not runs.check_runs or page * PER_PAGE >= runs.total_count:
                break
        return tuple(found[id] for id in sorted(found))

    def annotated(self, repository: Repository, id: int) -> int:
        """How many annotations the check run has: what a doubtful update has done."""
        call = Call("GET", f"/check-runs/{id}")
        return read(
            _Annotated, self._app.call(repository, call), str(call)
        ).output.annotations_count

    def added(self, repository: Repository, base: str, head: str) -> Added | None:
        """From the merge base of both, as a pull request shows it."""
        call = Call("GET", f"/compare/{quote(base, safe='')}...{head}", {"per_page": 1})
        try:
            found = read(_Compared, self._app.call(repository, call), str(call))
        except Missing:
            return None
        if len(found.files) >= MAX_FILES:
            return None
        kept = (one for one in found.files if one.status != "removed" and not one.is_moved)
        return Added(tuple(added_file(one.filename, one.patch) for one in kept))

    def has_room(self, repository: Repository) -> bool:
        """False under pressure: leave out what only shows progress."""
        return self._app.has_room(repository)

    def _post(self, repository: Repository, check: Check, annotations: tuple[Finding, ...]) -> int:
        body = _state(check) | {"head_sha": check.head_sha} | _output(check, annotations)
        call = Call("POST", "/check-runs", body=body, once=True, conclusion=_concludes(check))
        try:
            data = self._app.call(repository, call)
        except Rejected as error:
            if "No commit found" in str(error):
                raise Unseen(f"GitHub does not show {check.head_sha} yet") from error
            raise
        return read(_Made, data, str(call), once=True).id

    def _patch(
        self,
        repository: Repository,
        id: int,
        check: Check,
        body: dict[str, Any],
        annotations: tuple[Finding, ...],
    ) -> None:
        # Annotations append; everything else of an update may be repeated.
        once = bool(annotations)
        path = f"/check-runs/{id}"
        call = Call("PATCH", path, body=body, once=once, conclusion=_concludes(check))
        self._app.call(repository, call)

    def _annotate(
        self, repository: Repository, id: int, check: Check, annotations: tuple[Finding, ...]
    ) -> None:
        """Add annotations, halving what GitHub rejects until the bad ones stand alone."""
        size = ANNOTATIONS_PER_REQUEST
        batches = [annotations[at : at + size] for at in range(0, len(annotations), size)]
        while batches:
            batch = batches.pop(0)
            try:
                self._patch(repository, id, check, _output(check, batch), batch)
            except Rejected:
                # One that is rejected alone is left out: the summary and our page still have it.
                half = len(batch) // 2
                if half:
                    batches[:0] = [batch[:half], batch[half:]]
            except InfraError as error:
                # Even if this call had no effect, an earlier one had.
                raise Ambiguous(f"some annotations of check run {id}: {error}") from error


def _concludes(check: Check) -> bool:
    return check.status is Status.COMPLETED


def _state(check: Check) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": check.name,
        "external_id": check.external_id,
        "status": check.status.value,
    }
    if check.details_url:
        body["details_url"] = check.details_url
    if check.conclusion is not None:
        body["conclusion"] = check.conclusion.value
    if check.started_at:
        body["started_at"] = _time(check.started_at)
    if check.actions:
        body["actions"] = [asdict(action) for action in check.actions]
    if check.completed_at:
        body["completed_at"] = _time(check.completed_at)
    return body


def _output(check: Check, annotations: tuple[Finding, ...]) -> dict[str, Any]:
    if not check.title and not check.summary and not annotations:
        return {}
    # GitHub wants a summary in every output, also where only annotations are added.
    output: dict[str, Any] = {
        "title": cut(check.title or check.name, MAX_OUTPUT_BYTES)[:MAX_TITLE],
        "summary": cut(check.summary, MAX_OUTPUT_BYTES) or check.title or check.name,
    }
    if annotations:
        output["annotations"] = [_annotation(finding) for finding in annotations]
    return {"output": output}


def _annotation(finding: Finding) -> dict[str, Any]:
    body: dict[str, Any] = {
        "path": finding.path,
        "start_line": finding.start_line,
        "end_line": finding.end_line,
        "annotation_level": finding.level.value,
        "message": cut(finding.message, MAX_MESSAGE),
    }
    if finding.title:
        body["title"] = cut(finding.title, MAX_MESSAGE)[:MAX_TITLE]
    if finding.start_column is not None and finding.start_line == finding.end_line:
        body["start_column"] = finding.start_column
        if finding.end_column is not None:
            body["end_column"] = finding.end_column
    return body


def cut(text: str, limit: int) -> str:
    """The text in at most so many bytes of UTF-8, never within a character."""
    # replace: half a surrogate pair, as from a file name that is no UTF-8, is no JSON to GitHub.
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _conforms(app: GithubApp) -> Checks:
    return GithubChecks(app)
