"""Cases 12 to 16 on a running bot: what a push can do to the machine that checks it out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

LEASE = 20.0
WRAPPER = """\
#!/bin/sh
printf '%s\\n' "$@" >> {arguments}
exec {git} "$@"
"""
HOSTILE = ("$(touch$IFS{0})", "a;touch$IFS{0}|b&c", "-x", "--upload-pack=touch$IFS{0}", "`id`")
CANARY = "canary-1d77"


class Machine:
    """A machine whose git writes down its command lines, and whose settings start programs."""

    def __init__(self, folder: Path) -> None:
        self.arguments, self.canary = folder / "arguments", folder / "canary"
        git = shutil.which("git")
        assert git is not None
        self._write(folder / "bin/git", WRAPPER.format(arguments=self.arguments, git=git))
        hook = folder / "hooks/post-checkout"
        self._write(hook, f"#!/bin/sh\ntouch {self.canary}\n")
        settings = (
            f"[core]\n\thooksPath = {hook.parent}\n\tfsmonitor = {hook}\n"
            f'[filter "lfs"]\n\tsmudge = touch {self.canary}\n\trequired = true\n'
            f"[submodule]\n\trecurse = true\n[protocol]\n\tallow = always\n"
        )
        for name in (".gitconfig", ".config/git/config"):
            self._write(folder / "home" / name, settings)
        self._write(folder / "home/.config/git/attributes", "* filter=lfs\n")
        self.environment = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            # Without it, a commit that is gone from GitHub may still be here.
            "DISHWASHER_MIRROR_GB": "0",
            "SECRET_OF_THE_SERVER": CANARY,
        }

    @staticmethod
    def _write(place: Path, text: str) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def world(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    world = World(folder, lease=LEASE, environment=machine.environment)
    try:
        yield world.start()
    finally:
        world.close()
    assert world.github.violations == []


def log_of(world: World, run: CheckRun) -> str:
    return world.bot.get(f"/jobs/{run.external_id}/log").decode("utf-8", "replace")


def push_tree(repo: Repo, entries: bytes, branch: str = "hostile") -> str:
    """A commit of a tree that no honest git would write, on a branch; `entries` as mktree's."""
    git, head = repo.git, repo.head()
    listed = git.run("ls-tree", head).encode("utf-8", "surrogateescape")
    tree = git.run("mktree", "--missing", stdin=listed + entries).strip()
    author = git.commit(head).author  # type: ignore[union-attr]
    sha = git.write_tree(tree, (head,), "hostile", author)
    repo.move(branch, sha)
    return sha


def blob(repo: Repo, data: bytes) -> str:
    return repo.git.run("hash-object", "-w", "--stdin", stdin=data).strip()


def test_case_12_names_of_branches_are_never_said_to_git(world: World, machine: Machine) -> None:
    repo = world.repo('checks:\n  tests: printf "[%s]\\\\n" "$DISHWASHER_BRANCH"\n')
    for form in HOSTILE:
        name = form.format(machine.canary)
        sha = repo.commit({"a.txt": name}, branch=name)
        run = world.concluded(sha)["tests"]
        assert run.conclusion == "success", run.output.summary
        assert f"\n[{name}]\n" in log_of(world, run)
        said = machine.arguments.read_text()
        assert sha in said.split("\n")
        assert not [line for line in said.split("\n") if name in line]
    assert not machine.canary.exists()


def test_case_13_submodules_stay_empty_and_their_settings_unread(
    world: World, machine: Machine
) -> None:
    repo = world.repo("checks:\n  tests: ls -lan sub; test ! -e .git/modules\n")
    modules = (
        f'[submodule "a"]\n\tpath = sub\n\turl = ext::touch {machine.canary}\n'
        f"\tupdate = !touch {machine.canary}\n"
        '[submodule "b\\r"]\n\tpath = link/sub\r\n\turl = file:///etc\n'
    )
    entries = (
        f"100644 blob {blob(repo, modules.encode())}\t.gitmodules\n"
        f"160000 commit {repo.head()}\tsub\n"
        f"120000 blob {blob(repo, b'.git/hooks')}\tlink\n"
    )
    run = world.concluded(push_tree(repo, entries.encode()))["tests"]
    assert run.conclusion == "success", log_of(world, run)
    assert "total 0" in log_of(world, run) or "total 8" in log_of(world, run)
    assert not machine.canary.exists()


def test_case_14_no_hook_filter_or_monitor_starts(world: World, machine: Machine) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    files = {".gitattributes": "*.bin filter=lfs\n", "big.bin": pointer}
    repo = world.repo("checks:\n  tests: cat big.bin; git config --list\n", files)
    run = world.build(repo)["tests"]
    assert run.conclusion == "success", log_of(world, run)
    assert f"\n{pointer}" in log_of(world, run)
    assert "fsmonitor" not in log_of(world, run)
    assert not machine.canary.exists()


def test_case_15_our_own_reads_follow_no_link_out(world: World, machine: Machine) -> None:
    config = """\
cache: {paths: [deps], files: lock, key: deps-}
checks:
  tests:
    run: "true"
    reports: {junit: junit.xml}
    artifacts: ["environ", "up", "key", "matched/*"]
"""
    repo = world.repo(config)
    key = world.bot.data.parent / "key.pem"
    targets = {
        "environ": "/proc/self/environ",
        "junit.xml": "/proc/self/environ",
        "lock": "/proc/self/environ",
        "up": "../../../..",
        "key": str(key),
    }
    entries = "".join(
        f"120000 blob {blob(repo, target.encode())}\t{name}\n" for name, target in targets.items()
    )
    run = world.concluded(push_tree(repo, entries.encode()))["tests"]
    page = world.bot.get(f"/jobs/{run.external_id}").decode()
    secrets = (CANARY, world.app.webhook_secret, key.read_text().split("\n")[1])
    for text in (page, log_of(world, run), run.output.summary or ""):
        assert not [secret for secret in secrets if secret in text]
    (job,) = world.table.jobs(run.head_sha)
    kept = Path(world.bot.data, "blobs")
    stored = b"".join(place.read_bytes() for place in kept.rglob("*") if place.is_file())
    assert not [secret for secret in secrets if secret.encode() in stored]
    assert job["state"] == "concluded"


def test_case_15_a_link_is_no_way_to_write_through(world: World, tmp_path: Path) -> None:
    repo = world.repo("checks:\n  tests: 'true'\n")
    below = repo.git.run("mktree", stdin=f"100644 blob {blob(repo, b'x')}\tb\n".encode()).strip()
    outside = blob(repo, str(tmp_path).encode())
    entries = f"120000 blob {outside}\tout\n040000 tree {below}\tout\n"
    run = world.concluded(push_tree(repo, entries.encode()))["tests"]
    assert run.conclusion in ("failure", "success")
    assert list(tmp_path.iterdir()) == []


def test_case_16_a_commit_that_was_pushed_over_is_a_clear_failure(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"""\
checks:
  first: {{run: {gate.script!r}}}
  second: {{needs: first, run: echo never}}
""")
    start = repo.head()
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    gate.wait()
    repo.commit({"a.txt": "2"}, branch="topic", start=start, force=True)
    gate.wait()
    # GitHub keeps what nobody has for a while; in the end it is gone.
    repo.git.run("reflog", "expire", "--expire=now", "--all")
    repo.git.run("prune", "--expire=now")
    world.open_gates()
    runs = world.concluded(sha, jobs=2)
    assert runs["first"].conclusion == "success"
    assert runs["second"].conclusion == "failure"
    summary = (runs["second"].output.summary or "").replace("\\\\", "")
    assert f"The commit {sha} is not in the repository" in summary
    assert "pushed over with" in summary


def test_case_16_a_fetch_that_takes_too_long_ends_with_the_jobs_time(world: World) -> None:
    repo = world.repo("checks:\n  tests: {run: echo never, timeout: 2s}\n")
    world.github.fail("delay", path=f"/{repo.full_name}.git/*", times=9, seconds=30.0)
    run = world.build(repo)["tests"]
    assert run.conclusion == "timed_out"
    assert "The limit of 2 s was reached during checkout" in (run.output.summary or "")


def test_case_16_the_token_of_a_checkout_is_nowhere_on_the_disk(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks:\n  tests: cat .git/config; {gate.script}\n")
    sha = repo.commit({"a.txt": "1"})
    gate.wait()
    tokens = [token.encode() for token in world.github.world.tokens]
    work = world.bot.data / "work"
    read = [place.read_bytes() for place in work.rglob("*") if place.is_file()]
    assert len(read) > 5
    assert not [token for token in tokens if any(token in data for data in read)]
    gate.open()
    log = log_of(world, world.concluded(sha)["tests"])
    assert f"url = {repo.clone_url}" in log
    assert "ghs_" not in log
    assert "extraHeader" not in log
