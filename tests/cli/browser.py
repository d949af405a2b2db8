"""Who makes an App: reads the address from the terminal, and presses two buttons."""

from __future__ import annotations

import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from html import unescape

from dishwasher.demo.github import StandIn


class Running:
    """The command at work, and the address that it has shown."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.shown = ""
        for line in process.stdout:
            self.shown += line
            if "Waiting for up to" in line:
                break
        found = re.search(r"http://\S+", self.shown.partition("agree on GitHub")[2])
        assert found is not None, self.shown
        self.url = found[0]

    def end(self) -> tuple[int, str, str]:
        out, error = self.process.communicate(timeout=30)
        return self.process.returncode, out, error


def get(url: str, **fields: str) -> tuple[int, str]:
    """Status and page, redirects followed; a POST where there are fields."""
    data = urllib.parse.urlencode(fields).encode() if fields else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def press(base: str, page: str, **changes: str) -> tuple[int, str]:
    """Press the page's button."""
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page)
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page)
    }
    return get(urllib.parse.urljoin(base, unescape(action)), **{**fields, **changes})


def agree(github: StandIn, url: str) -> tuple[int, str]:
    """Through both pages as a browser goes; what is shown at the end."""
    status, start = get(url)
    assert status == 200
    status, asked = press(url, start)
    assert status == 200, asked
    return press(github.url, asked)
