"""A configuration that is wrong, mended, or not there."""

from __future__ import annotations

import pytest

from tests.e2e.world import World

MISTAKEN = """\
checks:
  lint: {runs: flake8}
  tests: {run: "true", needs: lnt}
deployments:
  live: {run: ./deploy.sh}
"""


def test_every_mistake_is_annotated_on_its_line(world: World) -> None:
    repo = world.repo(MISTAKEN)
    run = world.build(repo)["config"]
    assert run.name == "dishwasher / config"
    assert (run.conclusion, run.output.title) == ("failure", "The configuration has mistakes")
    notes = {(note.path, note.start_line): note for note in run.output.annotations}
    assert set(notes) == {(".dishwasher.yml", line) for line in (2, 3, 5)}
    assert {note.level for note in notes.values()} == {"failure"}
    assert "`run`" in notes[".dishwasher.yml", 2].message
    assert "lint" in notes[".dishwasher.yml", 3].message
    assert "branch" in notes[".dishwasher.yml", 5].message
    assert ".dishwasher.yml:2:" in (run.output.summary or "")
    assert b"mistakes" in world.bot.get(f"/jobs/{run.external_id}")


def test_the_mended_file_is_built_and_a_rerun_reads_the_same_commit_again(world: World) -> None:
    repo = world.repo(MISTAKEN)
    wrong = world.build(repo)["config"]
    repo.rerun(wrong.id)
    runs = world.github.wait_for(
        lambda: [run for run in repo.check_runs(wrong.head_sha) if run.id != wrong.id],
        what="a second check run",
    )
    assert [run.name for run in runs] == ["dishwasher / config"]
    mended = repo.commit({".dishwasher.yml": 'checks: {tests: "true"}\n'})
    assert {run.conclusion for run in world.concluded(mended).values()} == {"success"}


@pytest.mark.parametrize(
    "content",
    [b"checks: {a: [\n", b"\xff\xfe\x00", b"a: &a [*a]\n", b"", b"x" * 2_000_000],
    ids=["broken", "no text", "a knot", "empty", "large"],
)
def test_a_file_that_can_not_be_read_says_so_in_a_check(world: World, content: bytes) -> None:
    repo = world.repo('checks: {tests: "true"}\n')
    sha = repo.commit({".dishwasher.yml": content})
    run = world.concluded(sha)["config"]
    assert run.conclusion == "failure"
    assert {note.path for note in run.output.annotations} == {".dishwasher.yml"}


def ignored(world: World, sha: str) -> list[str]:
    """Why the deliveries of this commit came to nothing, once one has."""
    return world.table.wait(
        lambda: [
            row["reason"]
            for row in world.table.rows("delivery")
            if row["event"] and row["event"]["sha"] == sha and row["stage"] == "ignored"
        ],
        "the delivery's end",
    )


def test_without_a_file_nothing_is_built_and_the_reason_is_kept(world: World) -> None:
    repo = world.repo('checks: {tests: "true"}\n')
    sha = repo.commit({".dishwasher.yml": None})
    assert ignored(world, sha) == [f"no configuration at {sha[:12]}, and nothing implies one"]
    assert repo.check_runs(sha) == []
