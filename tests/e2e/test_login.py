"""Private pages: who is not let in by GitHub sees nothing, who is logs in once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World

pytestmark = pytest.mark.real("chromium")


@pytest.fixture
def private(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, login=True)
    try:
        yield made.start()
    finally:
        made.close()
    assert made.github.violations == []


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_a_private_build_is_shown_to_its_people_alone(private: World, browser: Any) -> None:
    repo = private.repo('checks: {tests: {run: "echo private words"}}\n')
    sha = repo.commit({"a.txt": "1"})
    run = private.concluded(sha)["tests"]
    anna, eve = private.github.add_user("anna"), private.github.add_user("eve")
    repo.collaborate(anna.login, "read")

    for login in (eve.login, anna.login):
        private.github.sign_in(login)
        page = browser.new_context().new_page()
        assert page.goto(run.details_url).status == 404
        assert "private words" not in page.content()
        page.get_by_role("link", name="Log in with GitHub").click()
        if login == eve.login:
            page.get_by_text("logged in as eve").wait_for()
            assert "private words" not in page.content()
            continue
        page.wait_for_url(run.details_url)
        page.locator("#log").get_by_text("private words", exact=True).wait_for()
        page.get_by_role("link", name=repo.full_name).first.click()
        page.get_by_role("heading", name=repo.full_name).wait_for()
        page.goto(f"{private.bot.url}/nothing")
        page.get_by_role("button", name="Log out").click()
        assert page.goto(run.details_url).status == 404
    assert private.github.world.lent == 0
