"""From nothing to the first check in a browser: make the App, install it, start the bot, push."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dishwasher.demo.github import StandIn

pytestmark = pytest.mark.real("chromium")
MILLISECONDS = 20_000
SHOTS = os.environ.get("DISHWASHER_TEST_SHOTS", "")
"""A folder for pictures of the pages."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def started(words: tuple[str, ...], mark: str, environment: dict[str, str]) -> Any:
    process = subprocess.Popen(
        (sys.executable, "-m", "dishwasher", *words),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if mark in line:
            break
    return process, shown


def test_from_nothing_to_the_first_check_without_typing_a_secret(
    browser: Any, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with StandIn(tmp_path / "github") as github:
        github.sign_in("alice")
        github.add_user("acme", organization=True)
        repo = github.add_repo("acme/site", {".dishwasher.yml": 'checks: {ok: {run: "true"}}\n'})
        environment = {
            **os.environ,
            "DISHWASHER_GITHUB_URL": github.url,
            "DISHWASHER_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "DISHWASHER_DATA": str(tmp_path / "data"),
            "DISHWASHER_SANDBOX": "plain",
        }
        words = ("app", "create", "--no-browser", "--organisation", "acme")
        making, shown = started(words, "Waiting for", environment)
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+/[\w-]{20,}", shown)
        page = browser.new_page()
        problems: list[str] = []
        page.set_default_timeout(MILLISECONDS)
        page.on("console", lambda message: problems.append(f"{message.text} {message.location}"))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        picture(page, "app-create")
        page.get_by_role("button", name="Continue on").click()
        picture(page, "app-create-github")
        page.get_by_role("button", name="Create GitHub App for acme").click()
        page.get_by_role("heading", name="dishwasher-acme is there").wait_for()
        picture(page, "app-created")
        assert making.communicate(timeout=20)[0].count("dishwasher serve") == 1
        assert making.returncode == 0
        page.get_by_role("link", name="Install dishwasher-acme").click()
        page.get_by_label("Where").select_option("acme")
        page.get_by_role("button", name="Install").click()
        page.get_by_text("Installed on acme").wait_for()
        assert problems == []
        page.close()

        serving, _ = started(("serve", "--port", str(port)), "listens on", environment)
        try:
            sha = repo.commit({"a.txt": "1\n"})
            (run,) = github.wait_concluded(sha, at_least=1)
            assert (run.name, run.conclusion) == ("dishwasher / ok", "success")
        finally:
            serving.terminate()
            serving.communicate(timeout=30)
        assert github.violations == []


def picture(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
