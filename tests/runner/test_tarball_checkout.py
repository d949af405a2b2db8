"""Checkouts without git: from the stand-in GitHub, over HTTP, and from servers that misbehave."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from dishwasher.core.ticket import Source
from dishwasher.demo.github import Repo, StandIn, tokens
from dishwasher.errors import InfraError, UserError
from dishwasher.runner.checkout import Missing
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.stop import Cause, Stop, Stopped
from dishwasher.runner.tarball import PACKED
from dishwasher.runner.tarball_checkout import TarballCheckout

from tests.runner.test_tar import member
from tests.runner.test_tarball import SHA, TOP, link, packed

FILES = {"README": "hello\n", "bin/run.sh": "#!/bin/sh\n"}


@dataclass
class Machine:
    """One runner's; `path` has no git."""

    folder: Path
    stop: Stop = field(default_factory=Stop)
    pauses: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __call__(self, source: Source, *, history: bool = False, limit: int = PACKED) -> Path:
        checkout = self.folder / "checkout"
        for folder in (self.folder / "home", self.folder / "bin", checkout):
            folder.mkdir(exist_ok=True)
        environment = {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder / "home"),
            "no_proxy": os.environ["no_proxy"],
        }
        commands = Commands(self.stop, time.monotonic() + 60, Grace())
        words = (commands, checkout, environment, self.pauses.append, self.said.append)
        TarballCheckout(*words, limit).run(source, history)
        assert sorted(place.name for place in self.folder.iterdir()) == ["bin", "checkout", "home"]
        return checkout


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    folder = tmp_path / "machine"
    folder.mkdir()
    machine = Machine(folder)
    yield machine
    machine.stop.close()


Answer = tuple[int, dict[str, str], bytes]


class Mirage:
    """Answers each request with the next of `answers`, the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.seen: list[tuple[str, str]] = []
        """Paths, and what they were authorised with."""
        self.before: Callable[[], None] = lambda: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append((self.path, self.headers.get("Authorization", "")))
                outer.before()
                many = len(outer.answers) > 1
                status, headers, body = outer.answers.pop(0) if many else outer.answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

        self._http = Listener(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def source(self) -> Source:
        url = f"http://127.0.0.1:{self.port}/repos/acme/site/tarball/{SHA}"
        return Source("http://127.0.0.1/acme/site.git", SHA, "", "ghs_canary", tarball=url)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def mirage() -> Iterator[Mirage]:
    mirage = Mirage()
    yield mirage
    mirage.close()


GOOD: Answer = (200, {}, packed(member(f"{TOP}/a", b"x")))


@pytest.fixture
def github() -> Iterator[StandIn]:
    with StandIn() as github:
        yield github
    assert github.violations == []


def ticket_source(github: StandIn, repo: Repo, sha: str) -> Source:
    installation = github.install(github.add_app(), "acme")
    with github.world.lock:
        only = frozenset({repo.id})
        token = tokens.mint(github.world, installation, only, {"contents": "read"}).value
    url = f"{github.api_url}/repos/{repo.full_name}/tarball/{sha}"
    return Source(repo.clone_url, sha, "", token, repo.id, url)


@pytest.mark.parametrize("private", [True, False], ids=["private", "public"])
def test_a_commit_of_github_without_git(machine: Machine, github: StandIn, private: bool) -> None:
    repo = github.add_repo("acme/site", FILES, private=private)
    sha = repo.commit({"README": "second\n"})
    repo.commit({"README": "third\n"})
    checkout = machine(ticket_source(github, repo, sha))
    assert (checkout / "README").read_text() == "second\n"
    assert (checkout / "bin/run.sh").read_text() == "#!/bin/sh\n"
    assert sorted(os.listdir(checkout)) == ["README", "bin"]
    assert "no history" in machine.said[0]


def test_the_new_name_of_a_repository_is_followed(machine: Machine, github: StandIn) -> None:
    repo = github.add_repo("acme/site", FILES, private=True)
    source = ticket_source(github, repo, repo.head())
    repo.rename("website")
    assert (machine(source) / "README").read_text() == "hello\n"


def test_a_commit_that_is_gone_is_waited_for_a_little(machine: Machine, github: StandIn) -> None:
    repo = github.add_repo("acme/site", FILES)
    source = replace(ticket_source(github, repo, "a" * 40), sha="a" * 40)
    with pytest.raises(Missing, match="its branch was deleted or pushed over"):
        machine(source)
    assert machine.pauses == [1.0, 2.0]


def test_a_token_that_has_ended_is_named(machine: Machine, github: StandIn) -> None:
    repo = github.add_repo("acme/site", FILES, private=True)
    source = replace(ticket_source(github, repo, repo.head()), token="ghs_old")
    with pytest.raises(InfraError, match=r"can not be had: .* answers 401"):
        machine(source)
    assert machine.pauses == []


@pytest.mark.parametrize(
    ("history", "base", "what"),
    [(True, "", "the history of its commit"), (False, "b" * 40, "the lines that were changed")],
)
def test_what_a_tarball_does_not_have_is_said(
    machine: Machine, mirage: Mirage, history: bool, base: str, what: str
) -> None:
    with pytest.raises(UserError, match=f"This job needs {what}.*install git"):
        machine(replace(mirage.source, base_sha=base), history=history)
    assert mirage.seen == []


@pytest.mark.parametrize("status", [500, 502, 429])
def test_the_network_may_fail_twice(machine: Machine, mirage: Mirage, status: int) -> None:
    mirage.answers = [(status, {}, b""), (200, {"Content-Length": "9999"}, b"half"), GOOD]
    assert (machine(mirage.source) / "a").read_text() == "x"
    assert machine.pauses == [1.0, 2.0]


def test_a_network_that_stays_away_is_not_the_users_fault(machine: Machine, mirage: Mirage) -> None:
    mirage.answers = [(502, {}, b"")]
    with pytest.raises(InfraError, match=r"could not be fetched 3 times: .* answers 502"):
        machine(mirage.source)
    url = mirage.source.tarball
    mirage.close()
    with pytest.raises(InfraError, match=r"could not be fetched 3 times: .*refused"):
        machine(replace(mirage.source, tarball=url))


def test_the_token_goes_to_the_host_that_was_asked_alone(machine: Machine, mirage: Mirage) -> None:
    elsewhere = f"http://localhost:{mirage.port}/archive?token=short"
    mirage.answers = [(302, {"Location": "/moved"}, b""), (302, {"Location": elsewhere}, b""), GOOD]
    machine(mirage.source)
    assert mirage.seen == [
        (f"/repos/acme/site/tarball/{SHA}", "Bearer ghs_canary"),
        ("/moved", "Bearer ghs_canary"),
        ("/archive?token=short", ""),
    ]


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://localhost/x", "data:,x", "/again"])
def test_a_redirect_leads_to_http_and_to_an_end(
    machine: Machine, mirage: Mirage, where: str
) -> None:
    mirage.answers = [(302, {"Location": where}, b"")]
    with pytest.raises(InfraError, match=r"not followed|redirects"):
        machine(mirage.source)


def test_what_is_too_long_is_not_read_to_its_end(machine: Machine, mirage: Mirage) -> None:
    mirage.answers = [(200, {}, os.urandom(300_000))]
    with pytest.raises(InfraError, match="longer than 100000 bytes"):
        machine(mirage.source, limit=100_000)


@pytest.mark.parametrize(
    "body",
    [
        packed(member("../../home/evil", b"x")),
        packed(member(f"{TOP}/.git/config", b"x")),
        packed(member(f"{TOP}/a", b"x"), sha="6" * 40),
        packed(link("a", "b"), member(f"{TOP}/a/c", b"x")),
        gzip.compress(b"no tar", mtime=0),
        b"<html>",
    ],
)
def test_a_hostile_tarball_is_nobodys_checkout(
    machine: Machine, mirage: Mirage, body: bytes
) -> None:
    mirage.answers = [(200, {}, body)]
    with pytest.raises(InfraError, match=r"The tarball of 555555555555 can not be used"):
        machine(mirage.source)
    assert os.listdir(machine.folder / "home") == []
    assert not (machine.folder / "tarball").exists()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://user:word@host/x", "--help", "http://host/a b", ""]
)
def test_only_plain_urls_are_asked(machine: Machine, mirage: Mirage, url: str) -> None:
    with pytest.raises(InfraError, match="not an http"):
        machine(replace(mirage.source, tarball=url))


def test_a_stop_ends_a_download(machine: Machine, mirage: Mirage) -> None:
    ended = threading.Event()

    def hang() -> None:
        machine.stop.request(Cause.CANCELLED)
        ended.wait()

    mirage.before, mirage.answers = hang, [GOOD]
    begun = time.monotonic()
    with pytest.raises(Stopped):
        machine(mirage.source)
    ended.set()
    assert time.monotonic() - begun < 10


def test_the_token_is_in_no_argument(machine: Machine, mirage: Mirage) -> None:
    arguments: list[str] = []

    def look() -> None:
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                arguments.append(place.read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue

    mirage.before, mirage.answers = look, [GOOD]
    machine(mirage.source)
    assert any("/tarball/" in line for line in arguments)
    assert not any("ghs_canary" in line for line in arguments)
