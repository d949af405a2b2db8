"""The pages of a build that really runs, as somebody watches them in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from dishwasher.demo.github import CheckRun

from tests.e2e.world import World

pytestmark = pytest.mark.real("chromium")
MILLISECONDS = 20_000
"""Until a page must show what has happened; it looks at least every five seconds."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_job_and_build_pages_follow_a_build_to_its_end(world: World, browser: Any) -> None:
    first, second = world.gate(), world.gate()
    keep = 'echo kept > "$DISHWASHER_ARTIFACTS/report.txt"'
    repo = world.repo(f"""\
checks:
  slow:
    run:
      - {first.script}
      - |
        printf '\\033[31mred words\\033[0m\\n'
        {second.script}
        {keep}
        echo the last words
  after: {{run: "true", needs: slow}}
""")
    sha = repo.commit({"a.txt": "1"})
    assert first.wait() == sha

    def found() -> CheckRun | None:
        return next(iter(repo.check_runs(sha, "dishwasher / slow")), None)

    run = world.github.wait_for(found, what="a check run")
    assert run is not None
    problems: list[str] = []
    job, build = browser.new_page(), browser.new_page()
    for page in (job, build):
        page.set_default_timeout(MILLISECONDS)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
    job.goto(run.details_url)
    job.get_by_role("link", name="build").click()
    build.goto(job.url)
    job.go_back()
    assert job.title().startswith("slow: Running")
    build.get_by_text("Waits for other jobs").wait_for()

    first.open()
    log = job.locator("#log")
    log.get_by_text("red words", exact=True).wait_for()
    red, plain = (
        log.get_by_text(words, exact=exact).evaluate("node => getComputedStyle(node).color")
        for words, exact in (("red words", True), ("Checking out", False))
    )
    assert red != plain
    second.wait()
    second.open()
    log.get_by_text("the last words", exact=True).wait_for()
    job.wait_for_function("() => document.title.startsWith('slow: Passed')")
    job.get_by_role("link", name="report.txt").wait_for()
    with job.expect_download() as download:
        job.get_by_role("link", name="report.txt").click()
    assert download.value.path().read_text() == "kept\n"
    build.wait_for_function("() => !document.body.innerText.includes('Running')")
    assert build.locator("#main .word.good").count() == 2
    assert problems == []
