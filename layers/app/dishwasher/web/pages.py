"""The pages of a build and of its jobs: reads, what a page shows of them, and templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dishwasher.core.bill import TERMS
from dishwasher.core.build import Build
from dishwasher.core.job import Job
from dishwasher.core.result import Artifact
from dishwasher.ports import Blobs, Clock, Store
from dishwasher.web import found as reading
from dishwasher.web import outputs, templating
from dishwasher.web.assets import Assets
from dishwasher.web.build import build_view, job_lines
from dishwasher.web.cases import cases
from dishwasher.web.commit import commit
from dishwasher.web.found import Found
from dishwasher.web.front import homes, newest, newest_builds
from dishwasher.web.line import job_line
from dishwasher.web.log import Place, follow, window, window_from
from dishwasher.web.moved import moved
from dishwasher.web.repository import repository, repository_badge
from dishwasher.web.search import search
from dishwasher.web.siblings import siblings
from dishwasher.web.steps import phases
from dishwasher.web.timeline import timeline
from dishwasher.web.viewer import NOBODY, Viewer


@dataclass(frozen=True, slots=True)
class Pages:
    """Every page and every part of one that a follower asks for; None for what is not there."""

    store: Store
    blobs: Blobs
    clock: Clock
    assets: Assets
    github_url: str
    """Where people see repositories, without a slash at the end."""
    login: bool = False
    """Whether people can log in here."""
    viewer: Viewer = NOBODY

    def find(
        self, job_id: str, may_see: Callable[[Build], bool] = lambda build: True
    ) -> Found | None:
        """`may_see` tells whether a build is for the reader."""
        return reading.find(self.store, self.blobs, job_id, may_see)

    def job(self, found: Found, start: int | None = None) -> str:
        """`start` is the byte from which a long log is shown; None shows its two ends."""
        shown = (
            window(self.blobs, found.log_key, found.marks)
            if start is None
            else window_from(self.blobs, found.log_key, found.marks, start)
        )
        return self._render("job.html", log=shown, **self._job_values(found))

    def search(self, found: Found, text: str) -> str:
        values = self._job_values(found)
        return self._render("search.html", hits=search(self.blobs, found.log_key, text), **values)

    def find_build(self, build_id: str) -> Build | None:
        build = self.store.get(Build, build_id)
        return moved(self.store, build) if build is not None else None

    def find_repository(self, id: int) -> Build | None:
        """The newest build of the repository, which knows it best."""
        return newest(self.store, id)

    def build(self, build: Build) -> str:
        return self._render("build.html", **self._build_values(build))

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

    def follow_build(self, build: Build) -> dict[str, object]:
        values = self._build_values(build)
        regions = {"main": self._render("build_main.html", **values)}
        return {"regions": regions, "over": values["over"]}

    def repository(self, build: Build, branch: str = "", before: str = "") -> str:
        """The builds of the repository whose newest build this is."""
        return self._render("repository.html", **self._repository_values(build, branch, before))

    def follow_repository(self, build: Build, branch: str = "") -> dict[str, object]:
        values = self._repository_values(build, branch)
        return {"regions": {"main": self._render("repository_main.html", **values)}, "over": False}

    def badge(self, build: Build, branch: str = "") -> str:
        return repository_badge(self.store, build, branch)

    def find_repositories(self) -> tuple[Build, ...]:
        """Of every repository the newest build."""
        return newest_builds(self.store)

    def front(self, builds: Sequence[Build], public_url: str) -> str:
        """The repositories of these builds; how to begin where there is none."""
        found = homes(self.store, builds, self.clock.now())
        return self._render("front.html", homes=found, public_url=public_url)

    def message(self, title: str, text: str) -> str:
        return self._render("message.html", title=title, text=text)

    def _job_values(self, found: Found) -> dict[str, object]:
        job, result, now = found.job, found.result, self.clock.now()
        place = commit(found.build, self.github_url, self.login)
        kept: Sequence[Artifact] = result.artifacts if result is not None else ()
        tests = result.tests if result is not None else None
        return {
            "job": job_line(job, now),
            "build_id": found.build.id,
            "commit": place,
            "siblings": siblings(self._jobs(found.build), job, now),
            "phases": phases(job, result, found.progress, now),
            "tests": cases(tests, place.sha, place.repository_url),
            "findings": outputs.findings(result, place.sha, place.repository_url),
            "findings_total": result.findings_total if result is not None else 0,
            "artifacts": outputs.artifacts(job, kept),
            "bundles": outputs.bundles(job, kept),
            "notes": (
                *found.build.notes_at(job.position),
                *filter(None, (job.apart,)),
                *(result.notes if result is not None else ()),
            ),
            "strange": "" if found.build.is_trusted else found.build.doubt,
            "sandbox": result.sandbox if result is not None else "",
            "terms": TERMS,
        }

    def _build_values(self, build: Build) -> dict[str, object]:
        jobs, now = self._jobs(build), self.clock.now()
        return {
            "build": build,
            "view": build_view(build, jobs, now),
            "commit": commit(build, self.github_url, self.login),
            "jobs": job_lines(jobs, now),
            "over": all(job.is_over for job in jobs),
            "timeline": timeline(jobs, now),
            "terms": TERMS,
        }

    def _repository_values(self, build: Build, branch: str, before: str = "") -> dict[str, object]:
        return repository(self.store, self.clock.now(), self.github_url, build, branch, before)

    def _jobs(self, build: Build) -> list[Job]:
        return sorted(self.store.group(Job, build.id), key=lambda job: job.position)

    def _render(self, name: str, **values: object) -> str:
        return templating.render(name, asset=self.assets.url, viewer=self.viewer, **values)
