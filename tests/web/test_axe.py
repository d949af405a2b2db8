"""Every page is one that people with a screen reader, a keyboard or weak eyes can use.

By axe-core (https://github.com/dequelabs/axe-core), in both themes.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.findings import Finding, Level
from dishwasher.core.history import begun
from dishwasher.core.home import Home
from dishwasher.core.job import Conclusion, Job, Reason, State
from dishwasher.core.outcome import Status, TestCase, TestSummary
from dishwasher.core.result import Artifact, PhaseResult, Result, StepResult
from dishwasher.daemon.server import Server
from dishwasher.http.pages import Site
from dishwasher.http.readers import Readers
from dishwasher.http.router import Router

from tests.fakes.clock import NOON
from tests.fakes.people import MemoryPeople
from tests.web.sample import BUILD, Sample, job

pytestmark = pytest.mark.real("chromium", "npm")
AXE = "axe-core@4.14.1"
PATHS = [
    "/",
    "/repositories/1",
    "/repositories/1?branch=fix",
    "/builds/b1",
    "/jobs/b1-0",
    "/jobs/b1-1",
    "/jobs/b1-0/search?q=line",
    "/jobs/b1-0?from=800000",
    "/nothing",
]
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
}
FOREGROUNDS = [*range(30, 38), *range(90, 98)]
"""Of a background that a program chooses it must know itself whether its text can be read there."""
TONES = [Reason.OK, Reason.FAILED, Reason.ADVISORY, Reason.CANCELLED, Reason.UNKNOWN_EFFECT]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", AXE]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return Path(folder, "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    sample = furnished()
    readers = Readers(sample.clock, b"k" * 32, MemoryPeople())
    site = Site(sample.pages, sample.blobs, lambda: "http://ci.invalid", readers)
    server = Server(Router(site.routes(), site.missing))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def furnished() -> Sample:
    """A build with a job of every tone, and a history with every end."""
    sample = Sample()
    jobs = [named(position, reason) for position, reason in enumerate(TONES)]
    jobs.append(replace(named(len(jobs), Reason.OK), state=State.RUNNING, reason=None, ended=0.0))
    waiting = replace(named(len(jobs), Reason.OK), state=State.BLOCKED, reason=None, started=0.0)
    sample.add(*jobs, waiting)
    failing = TestCase("s", "Cart", "test_sum", Status.FAILED, 0.2, "a.py", 3, "3!", "Traceback")
    steps = (StepResult("make\ntest", 1, NOON - 90, 5.0, 0, 9), StepResult("true", 0, NOON, 1.0))
    levels = [Finding("a.py", 1, 1, level, "words", "E1") for level in Level]
    told = Result(
        Reason.FAILED,
        "",
        (PhaseResult("checkout", Reason.OK), PhaseResult("build", Reason.FAILED, steps=steps)),
        tuple(levels),
        len(levels),
        (Artifact("docs/a", 1, "0"), Artifact("docs/b", 1, "0")),
        notes=("A note.",),
        tests=TestSummary(5, 3, 1, 1.0, (failing,)),
    )
    sample.told(jobs[0], told)
    # Few lines, because axe looks at each; long ones, so that there is a gap.
    colours = b"".join(b"\x1b[%dmline %d\x1b[0m\n" % (code, code) for code in FOREGROUNDS)
    long = (b"word " * 6000 + b"\n") * 25
    sample.printed(jobs[0], b"$ make\n[dishwasher] note\n" + colours + long)
    for number, conclusion in enumerate((*Conclusion, *Conclusion)):
        entry = begun(replace(BUILD, created=NOON - 999 + number), jobs[:1])
        place = "master" if number % 2 else "fix"
        sample.store.save(replace(entry, conclusion=conclusion, branch=place, title="A title"))
    sample.store.save(Home("1"))
    return sample


def named(position: int, reason: Reason) -> Job:
    return job(
        id=f"b1-{position}",
        position=position,
        spec=JobSpec(f"job {position}", Kind.DEPLOYMENT if position == 3 else Kind.CHECK, 1),
        created=NOON - 200,
        started=NOON - 100,
        ended=NOON - 50,
        state=State.CONCLUDED,
        reason=reason,
        detail="`make` exited with 1.",
    )


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_stands_in_anybodys_way(url: str, browser: Any, axe: str, look: str) -> None:
    # The pages let no script in but their own, which is why the browser puts this one there.
    context = browser.new_context(bypass_csp=True, **LOOKS[look])
    found: list[str] = []
    for path in PATHS:
        page = context.new_page()
        page.goto(url + path)
        page.evaluate(axe)
        answer = page.evaluate("axe.run({resultTypes: ['violations']})")
        assert len(answer["passes"]) > 5, path
        for problem in answer["violations"]:
            places = [node["html"][:100] for node in problem["nodes"][:3]]
            found.append(f"{path}: {problem['id']}: {problem['help']}: {places}")
        page.close()
    assert not found, "\n".join(found)
