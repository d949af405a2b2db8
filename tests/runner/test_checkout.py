"""Checkouts of hostile and broken repositories over real smart HTTP."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError
from dishwasher.runner.checkout import Checkout, Missing, git_environment
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.stop import Cause, Stop, Stopped

from tests.runner.forge import Forge

TOKEN = "ghs_canary"

CheckOut = Callable[..., str]


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def check_out(stop: Stop, folder: Path, tmp_path: Path, pauses: list[float]) -> CheckOut:
    """check_out(source, path=…) → the note, mostly empty."""
    home = tmp_path / "home"
    home.mkdir()
    commands = Commands(stop, time.monotonic() + 60, Grace())

    def run(source: Source, path: str = os.environ["PATH"], history: bool = False) -> str:
        environment = {"PATH": path, "HOME": str(home)}
        return Checkout(commands, folder, environment, pauses.append).run(source, history)

    return run


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(("git", *arguments), cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_the_exact_commit_without_history(check_out: CheckOut, forge: Forge, folder: Path) -> None:
    first = forge.commit({"a/b.txt": "one\n"})
    forge.commit({"a/b.txt": "two\n"})
    assert check_out(Source(forge.url, first)) == ""
    assert (folder / "a/b.txt").read_text() == "one\n"
    assert git(folder, "rev-list", "--all", "HEAD") == first
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "remote", "get-url", "origin") == forge.url


def test_the_history_where_it_is_asked_for(
    check_out: CheckOut, forge: Forge, source: Source, folder: Path
) -> None:
    first = forge.commit({"a": "one\n"})
    second = forge.commit({"a": "two\n"})
    assert check_out(Source(forge.url, second), history=True) == ""
    assert git(folder, "rev-list", "HEAD").split() == [second, first, source.sha]
    assert not (folder / ".git" / "shallow").exists()


def test_the_base_comes_with_the_same_fetch(
    check_out: CheckOut, forge: Forge, source: Source, folder: Path
) -> None:
    head = forge.commit({"new": "line\n"})
    assert check_out(Source(forge.url, head, source.sha)) == ""
    assert git(folder, "diff", "--name-only", source.sha, head) == "new"
    assert sum(path.endswith("info/refs") for path in forge.paths) == 1


def test_without_its_base_a_commit_is_still_checked_out(
    check_out: CheckOut, source: Source, folder: Path, pauses: list[float]
) -> None:
    note = check_out(replace(source, base_sha="b" * 40))
    assert note == "The base commit bbbbbbbbbbbb could not be fetched."
    assert (folder / "README").exists()
    assert pauses == []


def test_the_token_is_given_to_the_server_and_kept_nowhere(
    check_out: CheckOut, forge: Forge, source: Source, folder: Path, tmp_path: Path
) -> None:
    """Case 16; a wrapper in git's place writes down every command line."""
    forge.token = TOKEN
    tools = tmp_path / "tools"
    tools.mkdir()
    seen = tmp_path / "seen"
    (tools / "git").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {seen}\nexec {shutil.which("git")} "$@"\n'
    )
    (tools / "git").chmod(0o755)
    check_out(replace(source, token=TOKEN), path=f"{tools}:{os.environ['PATH']}")
    assert "fetch" in seen.read_text().splitlines()
    assert TOKEN not in seen.read_text()
    encoded = git_environment({}, replace(source, token=TOKEN)).values()
    secret = next(value for value in encoded if "Basic" in value).rpartition(" ")[2]
    for path in filter(Path.is_file, folder.rglob("*")):
        assert TOKEN.encode() not in path.read_bytes()
        assert secret.encode() not in path.read_bytes()


def test_a_refused_token_is_not_tried_again(
    check_out: CheckOut, forge: Forge, source: Source, pauses: list[float]
) -> None:
    forge.token = TOKEN
    with pytest.raises(InfraError, match="can not be read"):
        check_out(replace(source, token="ghs_old"))
    assert pauses == []


def test_a_commit_that_is_gone_is_waited_for_a_little(
    check_out: CheckOut, source: Source, pauses: list[float]
) -> None:
    """Cases 16 and 51."""
    with pytest.raises(Missing, match="its branch was deleted or pushed over"):
        check_out(replace(source, sha="a" * 40))
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize("failures", [1, 2])
def test_the_network_may_fail_twice(
    check_out: CheckOut, forge: Forge, source: Source, failures: int
) -> None:
    left = list(range(failures))
    forge.fault = lambda path: 502 + left.pop() if left else None
    assert check_out(source) == ""
    assert left == []


def test_a_network_that_stays_away_is_not_the_users_fault(
    check_out: CheckOut, forge: Forge, source: Source, pauses: list[float]
) -> None:
    forge.fault = lambda path: 502
    with pytest.raises(InfraError, match=r"git fetch failed 3 times: .*502"):
        check_out(source)
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"sha": "main"},
        {"sha": "--upload-pack=touch canary"},
        {"sha": "a" * 39},
        {"base_sha": "$(id)"},
        {"url": "file:///etc"},
        {"url": "ext::sh -c id"},
        {"url": "--upload-pack=id"},
        {"url": "http://user:password@host/a/b.git"},
        {"url": 'http://host/a"\n[core]\nfsmonitor=id'},
        {"url": "http://host/a b.git"},
    ],
)
def test_only_full_names_and_plain_urls_reach_git(
    check_out: CheckOut, source: Source, folder: Path, changes: Mapping[str, str]
) -> None:
    """Case 12."""
    with pytest.raises(InfraError, match="not "):
        check_out(replace(source, **changes))
    assert list(folder.iterdir()) == []


def test_branches_with_hostile_names_do_no_harm(
    check_out: CheckOut, forge: Forge, folder: Path
) -> None:
    """Case 12: they are on the server, and nothing here ever says them."""
    sha = forge.commit({"x": "y"})
    for name in ("$(id)", "a;b|c&d", "--upload-pack=x"):
        forge.git("update-ref", f"refs/heads/{name}", sha)
    check_out(Source(forge.url, sha))
    assert (folder / "x").read_text() == "y"


def test_submodules_stay_empty(check_out: CheckOut, forge: Forge, folder: Path) -> None:
    """Case 13."""
    modules = (
        '[submodule "a"]\n\tpath = sub\n\turl = ext::touch canary\n\tupdate = !touch canary\n'
        '[submodule "b\\r"]\n\tpath = sub2\r\n\turl = file:///etc\n'
    )
    sha = forge.commit({".gitmodules": modules})
    forge.git("update-index", "--add", "--cacheinfo", f"160000,{sha},sub")
    forge.git("commit", "-q", "-m", "a submodule")
    check_out(Source(forge.url, forge.git("rev-parse", "HEAD")))
    assert list((folder / "sub").iterdir()) == []
    assert not list(folder.rglob("canary"))
    assert not (folder / ".git/modules").exists()


def test_no_filter_hook_or_monitor_starts(
    check_out: CheckOut, forge: Forge, folder: Path, tmp_path: Path
) -> None:
    """Case 14: neither what the repository asks for nor what this machine is configured to."""
    canary = tmp_path / "canary"
    hook = tmp_path / "hooks" / "post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    configuration = (
        f'[filter "lfs"]\n\tsmudge = touch {canary}\n\trequired = true\n'
        f"[core]\n\thooksPath = {hook.parent}\n\tfsmonitor = {hook}\n"
    )
    (home / ".gitconfig").write_text(configuration)
    (home / ".config/git/config").write_text(configuration)
    (home / ".config/git/attributes").write_text("* filter=lfs\n")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    sha = forge.commit({".gitattributes": "*.bin filter=lfs\n", "big.bin": pointer})
    check_out(Source(forge.url, sha))
    assert (folder / "big.bin").read_text() == pointer
    assert not canary.exists()


def test_a_file_is_not_written_through_a_link(
    check_out: CheckOut, forge: Forge, folder: Path, tmp_path: Path
) -> None:
    """Case 15: a tree with a link `a` and a file `a/b`, which git itself would never commit."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = forge.git("hash-object", "-w", "--stdin", input=str(outside).encode())
    blob = forge.git("hash-object", "-w", "--stdin", input=b"x")
    below = forge.git("mktree", input=f"100644 blob {blob}\tb\n".encode())
    entries = f"120000 blob {link}\ta\n040000 tree {below}\ta\n"
    tree = forge.git("mktree", input=entries.encode())
    sha = forge.git("commit-tree", tree, "-m", "hostile")
    forge.git("update-ref", "refs/heads/main", sha)
    with contextlib.suppress(InfraError):
        check_out(Source(forge.url, sha))
    assert list(outside.iterdir()) == []


def test_a_stop_ends_a_fetch(check_out: CheckOut, forge: Forge, source: Source, stop: Stop) -> None:
    stopped = threading.Event()

    def hang(path: str) -> None:
        stop.request(Cause.CANCELLED)
        stopped.wait()

    forge.fault = hang
    with pytest.raises(Stopped):
        check_out(source)
    stopped.set()
