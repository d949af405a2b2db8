"""The pages: reads from the store and the blobs, views of them, and templates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TypeVar

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from dishwasher.core.build import Build
from dishwasher.core.codec import decode
from dishwasher.core.job import Job
from dishwasher.core.rendering import size
from dishwasher.core.result import (
    Artifact,
    PhaseResult,
    Progress,
    Result,
    StepResult,
    log_key,
    progress_key,
    result_key,
)
from dishwasher.ports import Blobs, Clock, Store
from dishwasher.web import views
from dishwasher.web.assets import Assets
from dishwasher.web.log import Mark, Place, follow, window

T = TypeVar("T", Result, Progress)


@dataclass(frozen=True, slots=True)
class Found:
    """A job with what its latest attempt has told."""

    job: Job
    build: Build
    result: Result | None
    progress: Progress | None

    @property
    def phases(self) -> Sequence[PhaseResult]:
        if self.result is not None:
            return self.result.phases
        return self.progress.phases if self.progress is not None else ()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Where the steps begin in the log."""
        return tuple(
            Mark(place.log_start, views.step_id(number, step))
            for number, phase in enumerate(self.phases, 1)
            for step, place in enumerate(_places(phase))
        )

    @property
    def log_key(self) -> str:
        return log_key(self.job.attempt_id)


def _places(phase: PhaseResult) -> tuple[PhaseResult | StepResult, ...]:
    return (phase, *phase.steps)


@dataclass(frozen=True, slots=True)
class Pages:
    """Every page and every part of one that a follower asks for; None for what is not there."""

    store: Store
    blobs: Blobs
    clock: Clock
    assets: Assets
    github_url: str
    """Where people see repositories, without a slash at the end."""

    def find(self, job_id: str) -> Found | None:
        job = self.store.get(Job, job_id)
        build = self.store.get(Build, job.build) if job is not None else None
        if job is None or build is None:
            return None
        result = self._read(result_key(job.attempt_id), Result)
        progress = None if result else self._read(progress_key(job.attempt_id), Progress)
        return Found(job, build, result, progress)

    def job(self, found: Found) -> str:
        shown = window(self.blobs, found.log_key, found.marks)
        return self._render("job.html", log=shown, **self._job_values(found))

    def build(self, build_id: str) -> str | None:
        values = self._build_values(build_id)
        return None if values is None else self._render("build.html", **values)

    def follow_job(self, found: Found, place: Place) -> dict[str, object]:
        """What has changed on a job's page; `place` is where its log goes on."""
        part = follow(self.blobs, found.log_key, place, found.marks)
        written = self.blobs.size(found.log_key) or 0
        values = self._job_values(found)
        return {
            "regions": {
                name: self._render(f"job_{name}.html", **values)
                for name in ("head", "side", "main")
            },
            "attempt": found.job.attempt,
            "html": part.html,
            "open": part.open,
            "start": part.next.start,
            "line": part.next.number,
            "style": part.next.style.codes,
            "more": part.end < written,
            "over": found.job.is_over,
        }

    def follow_build(self, build_id: str) -> dict[str, object] | None:
        values = self._build_values(build_id)
        if values is None:
            return None
        regions = {"main": self._render("build_main.html", **values)}
        return {"regions": regions, "over": values["over"]}

    def message(self, title: str, text: str) -> str:
        return self._render("message.html", title=title, text=text)

    def welcome(self, public_url: str) -> str:
        return self._render("welcome.html", public_url=public_url)

    def _job_values(self, found: Found) -> dict[str, object]:
        job, result, now = found.job, found.result, self.clock.now()
        commit = views.commit(found.build, self.github_url)
        kept: Sequence[Artifact] = result.artifacts if result is not None else ()
        return {
            "job": views.job_line(job, now),
            "build_id": found.build.id,
            "commit": commit,
            "siblings": self._jobs(found.build, now),
            "phases": views.phases(job, result, found.progress, now),
            "findings": views.findings(result, commit.sha, commit.repository_url),
            "findings_total": result.findings_total if result is not None else 0,
            "artifacts": views.artifacts(job, kept),
            "bundles": views.bundles(job, kept),
            "notes": result.notes if result is not None else (),
            "sandbox": result.sandbox if result is not None else "",
        }

    def _build_values(self, build_id: str) -> dict[str, object] | None:
        build = self.store.get(Build, build_id)
        if build is None:
            return None
        jobs = self._jobs(build, self.clock.now())
        return {
            "build": build,
            "commit": views.commit(build, self.github_url),
            "jobs": jobs,
            "over": all(job.over for job in jobs),
        }

    def _jobs(self, build: Build, now: float) -> tuple[views.JobView, ...]:
        jobs = sorted(self.store.group(Job, build.id), key=lambda job: job.position)
        return tuple(views.job_line(job, now) for job in jobs)

    def _read(self, key: str, kind: type[T]) -> T | None:
        data = self.blobs.get(key)
        return None if data is None else decode(kind, json.loads(data))

    def _render(self, name: str, **values: object) -> str:
        return _environment().get_template(name).render(asset=self.assets.url, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["moment"] = _moment
    environment.filters["size"] = size
    environment.filters["code"] = _code
    return environment


def _template(name: str) -> str:
    return files("dishwasher.web").joinpath("templates", name).read_text(encoding="utf-8")


def _code(text: str) -> Markup:
    """What stands between backticks as code, all of it escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    pieces = (
        Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts)
    )
    return Markup("").join(pieces)


def _moment(seconds: float) -> str:
    """For `<time datetime>`; the page's script shows it in the reader's own zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
