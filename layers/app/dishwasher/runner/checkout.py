"""The exact commit in a folder, from a repository that may be hostile, with few processes.

The `.git` folder is written by hand instead of by `git init`, and what would be configured is
given in the environment: nothing of the host's configuration is read, no hook, filter, submodule
or file-system monitor starts, and no credential reaches a command line or the disk.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dishwasher.core.event import SHA
from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError, UserError
from dishwasher.runner.command import Commands
from dishwasher.runner.stop import Stopped

URL = re.compile(r"https?://[A-Za-z0-9._\[\]:-]+(?:/[A-Za-z0-9._~%+@-]+)+")
"""No user, no query, nothing that git's configuration or a helper could read as more."""

NETWORK_TRIES = 3
MISSING_TRIES = 3
"""A commit can be missing on one of GitHub's replicas in the moment after its push."""
PAUSE = 1.0

GONE = (
    "The commit {sha} is not in the repository: its branch was deleted or pushed over with --force."
)
SAID = 64 * 1024
"""Bytes of git's own words that are kept."""

# With LC_ALL=C; texts of git 2.30 to 2.50 and of GitHub.
MISSING = re.compile(r"not our ref|couldn't find remote ref|unadvertised object|no such ref", re.I)
DENIED = re.compile(
    r"Authentication failed|could not read Username|returned error: 40[134]"
    r"|repository '[^']*' not found|Repository not found",
    re.I,
)

FSYNC = "core.fsync"
FETCH = (
    *("fetch", "-q", "--no-tags", "--no-write-fetch-head"),
    *("--no-recurse-submodules", "--no-auto-maintenance"),
)

SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    # The folder is thrown away after the job: nothing in it needs to survive a power cut.
    FSYNC: "none",
    "credential.helper": "",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "submodule.recurse": "false",
    "advice.detachedHead": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    # One pack is faster to write than a file for each object.
    "transfer.unpackLimit": "1",
    # Only a dead connection is this slow: while a large repository's pack is made, all that comes
    # is five bytes every five seconds (uploadpack.keepAlive).
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}


class Missing(UserError):
    """The repository does not have this commit (any more)."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class Checkout:
    """Fetches into `folder`; `environment` is what git may see of the host, `home` included."""

    def __init__(
        self,
        commands: Commands,
        folder: Path,
        environment: Mapping[str, str],
        sleep: Callable[[float], None],
    ) -> None:
        self._commands, self._folder = commands, folder
        self._environment, self._sleep = environment, sleep
        self._depth: tuple[str, ...] = ("--depth=1",)

    def run(self, source: Source, history: bool = False) -> str:
        """Check the commit out; answers a note for people, mostly empty.

        With `history` all commits that led to it are there too: what is pushed elsewhere needs
        them, and the token is gone before the first step could fetch them.

        Raises Missing, InfraError or Stopped.
        """
        if history:
            self._depth = ()
        _check_names(source)
        self._check_url(source)
        environment = git_environment(self._environment, source)
        return self._obtain(source, environment)

    def _obtain(self, source: Source, environment: Mapping[str, str]) -> str:
        skeleton(self._folder / ".git", source)
        note = ""
        try:
            self._fetch(source.url, wanted(source), environment)
        except Missing as error:
            if not source.base_sha or source.base_sha not in error.said:
                raise
            note = f"The base commit {source.base_sha[:12]} could not be fetched."
            self._fetch(source.url, [source.sha], environment)
        self._write_files(source.sha, environment)
        return note

    def _write_files(self, sha: str, environment: Mapping[str, str]) -> None:
        code, said = self._git(environment, "checkout", "-q", "--detach", sha)
        if code:
            raise InfraError(f"git checkout failed: {_words(said)}")

    def _check_url(self, source: Source) -> None:
        if not URL.fullmatch(source.url):
            raise InfraError(f"not an http(s) URL of a repository: {source.url!r}")

    def _fetch(self, url: str, shas: list[str], environment: Mapping[str, str]) -> None:
        """Fetch these commits, again where that may help."""
        argv = [*FETCH, *self._depth, "--", url]
        network = missing = 0
        while True:
            code, said = self._git(environment, *argv, *shas)
            if not code:
                return
            if MISSING.search(said):
                missing += 1
                # A missing base is not waited for: the job can do without.
                if missing >= MISSING_TRIES or (len(shas) > 1 and shas[1] in said):
                    raise Missing(GONE.format(sha=shas[0]), said)
            elif DENIED.search(said):
                raise InfraError(f"{url} can not be read: {_words(said)}")
            else:
                network += 1
                if network >= NETWORK_TRIES:
                    raise InfraError(f"git fetch failed {network} times: {_words(said)}")
            self._sleep(PAUSE * max(network, missing))

    def _git(
        self, environment: Mapping[str, str], *arguments: str, place: Path | None = None
    ) -> tuple[int, str]:
        """Exit code and words; raises Stopped."""
        said = bytearray()

        def keep(data: bytes) -> None:
            said.extend(data[: SAID - len(said)])

        ended = self._commands.run(("git", *arguments), place or self._folder, environment, keep)
        if ended.exit_code is None:
            raise Stopped
        return ended.exit_code, said.decode("utf-8", "replace")


def wanted(source: Source) -> list[str]:
    """The commits that have to come, the one to check out first."""
    return [source.sha, *([source.base_sha] if source.base_sha else [])]


def skeleton(git: Path, source: Source, *, bare: bool = False) -> None:
    """What `git init` and `git remote add` would write, without the token."""
    (git / "objects").mkdir(parents=True, exist_ok=True)
    (git / "refs").mkdir(exist_ok=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    extension = "[extensions]\n\tobjectFormat = sha256\n" if len(source.sha) == 64 else ""
    remote = f'[remote "origin"]\n\turl = {source.url}\n' if source.url and not bare else ""
    (git / "config").write_text(
        f"[core]\n\trepositoryformatversion = {int(bool(extension))}\n"
        f"\tbare = {str(bare).lower()}\n{extension}{remote}"
    )


def git_environment(
    base: Mapping[str, str], source: Source, *, lasting: bool = False
) -> dict[str, str]:
    """What git sees: the settings above and the token, for this server only.

    `lasting`: what it writes is kept after the job, and has to survive a power cut.
    """
    settings = {key: value for key, value in SETTINGS.items() if not lasting or key != FSYNC}
    if source.token:
        parts = urlsplit(source.url)
        basic = base64.b64encode(f"x-access-token:{source.token}".encode()).decode()
        settings[f"http.{parts.scheme}://{parts.netloc}/.extraHeader"] = (
            f"Authorization: Basic {basic}"
        )
    environment = {
        **base,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment


def _check_names(source: Source) -> None:
    for sha in filter(None, (source.sha, source.base_sha)):
        if not SHA.fullmatch(sha):
            raise InfraError(f"not the full name of a commit: {sha!r}")


def _words(said: str) -> str:
    """The words of git that matter, on one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    blamed = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    return "; ".join(blamed or lines)[:500] or "it said nothing"
