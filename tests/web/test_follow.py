"""The page's script in a real browser: it follows, and shows what a reload would show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.history import begun, ended
from dishwasher.core.job import Reason, State
from dishwasher.core.result import PhaseResult, Progress, Result, StepResult
from dishwasher.daemon.server import Server
from dishwasher.http.pages import Site
from dishwasher.http.readers import Readers
from dishwasher.http.router import Router

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, Sample, job

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.real("chromium")
RUNNING = job()
STEP = StepResult("make test", None, NOON - 5, 0.0, 4)


@pytest.fixture
def sample() -> Sample:
    sample = Sample()
    sample.add(RUNNING)
    sample.printed(RUNNING, b"one\n\x1b[31mtwo\nthr")
    sample.told(RUNNING, Progress((PhaseResult("build", None, NOON - 5, steps=(STEP,)),)))
    return sample


@pytest.fixture
def url(sample: Sample) -> Iterator[str]:
    site = Site(
        sample.pages,
        sample.blobs,
        lambda: "http://ci.invalid",
        Readers(sample.clock, b"k" * 32, None),
    )
    server = Server(Router(site.routes(), site.missing))
    server.start()
    yield f"{server.url}/jobs/b1-0"
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def shown(page: Any) -> list[list[str]]:
    """Number, class and text of every line, with the classes of its parts."""
    lines: list[list[str]] = page.evaluate(
        "[...document.querySelectorAll('.part > div')].map(d => [d.id, d.innerHTML])"
    )
    return lines


def test_a_running_job_is_followed_to_its_end(sample: Sample, url: str, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 400})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    page.evaluate("document.querySelector('#side details').open = false")
    sample.blobs.append("attempts/b1-0.1/log", 16, b"ee\n" + b"more\n" * 100 + b"\x1b[0mla")
    page.wait_for_function("() => document.querySelector('#open').textContent === 'la'")
    assert page.evaluate("scrollY") == 0
    page.evaluate("scrollTo(0, 1e6)")
    sample.blobs.append("attempts/b1-0.1/log", 524, b"st\n" + b"end\n" * 50)
    page.wait_for_function("() => document.querySelectorAll('.part > div').length === 154")
    page.wait_for_function("() => innerHeight + scrollY >= document.body.scrollHeight - 60")
    assert not page.evaluate("document.querySelector('#side details').open")

    done = PhaseResult("build", Reason.OK, NOON - 5, 5.0, 0, 999, (replace(STEP, exit_code=0),))
    sample.told(RUNNING, Result(Reason.OK, "", (done,)))
    over = replace(RUNNING, state=State.CONCLUDED, reason=Reason.OK, ended=NOON, version=1)
    sample.store.save(over)
    page.wait_for_function("() => document.title.startsWith('tests: Passed')")
    followed = shown(page)
    page.reload()
    assert followed == shown(page)
    assert [int(number[1:]) for number, _ in followed] == list(range(1, 155))
    assert problems == []


def test_a_repository_is_followed_and_its_times_are_told_for_people(
    sample: Sample, url: str, browser: Any
) -> None:
    line = begun(BUILD, [RUNNING])
    sample.store.save(line)
    page = browser.new_page(timezone_id="UTC")
    page.goto(url.replace("/jobs/b1-0", "/repositories/1"))
    assert page.locator(".list .word").inner_text() == "Running"
    assert page.locator(".list time").inner_text() == "Jun 15, 2025"
    over = replace(RUNNING, state=State.CONCLUDED, reason=Reason.OK, ended=NOON)
    sample.store.save(replace(ended(line, [over]), version=1))
    page.get_by_text("Passed").wait_for(timeout=15_000)
    hour = "Date.now() - 3_700_000"
    assert page.evaluate(f"ago(new Date({hour}))") == "1 hour ago"
    assert page.evaluate("ago(new Date())") == "just now"


def test_a_new_attempt_starts_the_page_anew(sample: Sample, url: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(url)
    second = replace(RUNNING, attempt=2, lost_retries=1, version=1)
    sample.printed(second, b"again\n")
    sample.store.save(second)
    page.wait_for_function("() => document.querySelector('main').dataset.attempt === '2'")
    assert [text for _, text in shown(page)] == ['<a href="#L1" aria-label="1"></a>again']


def test_without_javascript_the_page_refreshes_itself(
    sample: Sample, url: str, browser: Any
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(url)
    sample.blobs.append("attempts/b1-0.1/log", 16, b"ee\nfour\n")
    page.get_by_text("four").wait_for(timeout=15_000)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(
    sample: Sample, url: str, browser: Any, width: int
) -> None:
    sample.printed(RUNNING, b"x" * 5000 + b"\n")
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(url)
    assert page.evaluate("document.documentElement.scrollWidth") == width
