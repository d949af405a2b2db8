"""A workspace gives way where the disk is full, so that the verdict finds room."""

from __future__ import annotations

from pathlib import Path

from dishwasher.runner.environment import Workspace


def test_a_workspace_gives_way_only_where_there_is_no_room(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "job.1")
    workspace.root.mkdir()
    workspace.make()
    (workspace.checkout / "fill").write_bytes(b"x")
    workspace.make_room(0)
    assert (workspace.checkout / "fill").exists()
    workspace.make_room(1 << 62)
    assert list(workspace.root.iterdir()) == []


def test_a_workspace_that_has_gone_needs_no_room(tmp_path: Path) -> None:
    Workspace(tmp_path / "gone").make_room()
    assert list(tmp_path.iterdir()) == []
