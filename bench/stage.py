"""A bot in a process of its own, for measuring it from outside, and pushes to send it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dishwasher.demo.github.process import StandInProcess

CONFIG = "checks:\n  build:\n    run: 'true'\n"
PADDING = 8_000
"""Bytes that a push of GitHub has beside what is read here; the examples have 6 to 12 KB."""


@contextlib.contextmanager
def process(
    command: list[str], environment: Mapping[str, str], log: Path
) -> Iterator[tuple[Any, str]]:
    """A program that prints one line when it is ready; ended in order."""
    with open(log, "ab") as errors:
        running = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        if not line:
            raise RuntimeError(f"{command} did not start:\n{log.read_text()}")
        yield running, line
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)


@contextlib.contextmanager
def bot(
    folder: Path, hub: StandInProcess, app: Mapping[str, Any], workers: int
) -> Iterator[tuple[int, str]]:
    """Process id and URL of `dishwasher serve`."""
    key = folder / "key.pem"
    key.write_text(app["private_key"])
    environment = {
        **os.environ,
        # Walls have a bench of their own.
        "DISHWASHER_SANDBOX": "plain",
        "DISHWASHER_GITHUB_APP_ID": str(app["id"]),
        "DISHWASHER_GITHUB_PRIVATE_KEY": str(key),
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
        "DISHWASHER_GITHUB_API_URL": hub.api_url,
        "DISHWASHER_GITHUB_URL": hub.url,
    }
    command = [sys.executable, "-m", "dishwasher", "serve", "--port", "0"]
    command += ["--workers", str(workers), "--data", str(folder / "data")]
    with process(command, environment, folder / "serve.log") as (running, line):
        found = re.search(r"listens on (\S+);", line)
        assert found is not None
        yield running.pid, found.group(1)


@dataclass(frozen=True, slots=True)
class Push:
    """A signed delivery, ready to be sent, and what it is about."""

    sha: str
    clone_url: str
    headers: dict[str, str]
    body: bytes


def repository(
    hub: StandInProcess, app: Mapping[str, Any], owner: str, branches: int
) -> list[Push]:
    """A repository with so many branches, the App installed, and a push for each branch."""
    name = f"{owner}/site"
    files = {".dishwasher.yml": CONFIG, "README.md": "A site.\n"}
    made = hub.call("add_repo", full_name=name, files=files, private=False)
    installed = hub.call("install", app=app["id"], account=owner)
    pushes = []
    for number in range(branches):
        branch = f"topic-{number}"
        sha = hub.call("commit", repo=name, files={"n.txt": f"{owner} {number}\n"}, branch=branch)
        pushes.append(_push(made, installed["id"], owner, branch, sha, app["webhook_secret"]))
    return pushes


def _push(
    made: Mapping[str, Any], installation: int, owner: str, branch: str, sha: str, secret: str
) -> Push:
    payload = {
        "ref": f"refs/heads/{branch}",
        "before": "0" * 40,
        "after": sha,
        "created": True,
        "deleted": False,
        "forced": False,
        "repository": {
            "id": made["id"],
            "name": "site",
            "full_name": f"{owner}/site",
            "owner": {"login": owner},
            "private": False,
            "default_branch": "master",
        },
        "sender": {"login": owner},
        "installation": {"id": installation},
        "head_commit": {"id": sha, "message": "x" * PADDING},
    }
    body = json.dumps(payload).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": str(uuid.uuid4()),
        "x-hub-signature-256": f"sha256={digest}",
    }
    return Push(sha, made["clone_url"], headers, body)
