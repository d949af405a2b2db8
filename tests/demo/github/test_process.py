"""The stand-in as a process, driven over its control routes."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.demo.github.process import StandInProcess

from .conftest import Git
from .receiver import Receiver


def test_the_whole_story_over_http(git: Git, receiver: Receiver, tmp_path: Path) -> None:
    with StandInProcess(tmp_path / "data") as github:
        repo = github.call("add_repo", full_name="acme/site", files={"a.py": "x = 1\n"})
        app = github.call("add_app", webhook_url=receiver.url)
        installation = github.call("install", app=app["id"], account="acme")
        assert installation["permissions"]["checks"] == "write"
        assert app["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")
        sha = github.call("commit", repo="acme/site", branch="topic", files={"a.py": "x = 2\n"})
        pull = github.call("open_pull", repo="acme/site", head="topic", title="Two")
        assert (pull["number"], pull["head_sha"], pull["mergeable"]) == (1, sha, True)
        (push,) = receiver.wait("push")
        assert push.json["after"] == sha
        github.call("wait_idle")
        assert {row["status"] for row in github.call("deliveries")} == {"OK"}
        merged = github.call("merge", repo="acme/site", number=1)
        assert github.call("head", repo="acme/site") == merged
        user = github.call("add_user", login="ann")
        github.call("collaborate", repo="acme/site", user="ann", role="write")
        address = repo["clone_url"].replace("://", f"://ann:{user['token']}@")
        git("clone", "--quiet", address, "work")
        assert (tmp_path / "work/a.py").read_text() == "x = 2\n"
        assert github.call("violations") == []


def test_mistakes_are_told() -> None:
    with StandInProcess() as github:
        with pytest.raises(ValueError, match="no verb 'frobnicate'"):
            github.call("frobnicate")
        with pytest.raises(ValueError, match=r"add_repo\(\) first"):
            github.call("commit", repo="acme/none", files={})
        with pytest.raises(ValueError, match="403-primary"):
            github.call("fail", kind="403-primary", pth="*")
        with pytest.raises(TimeoutError, match="1 concluded check runs"):
            github.call("wait_concluded", sha="0" * 40, timeout=0.01)
