"""Labels from start to end: what only they ask for is started by them, and by nothing else."""

from __future__ import annotations

from dishwasher.demo.github import CheckRun

from tests.e2e.world import World

EFFECT = 'echo "$DISHWASHER_SHA $DISHWASHER_JOB" >> "$LEDGER"'
CONFIG = f"""\
checks:
  tests: {EFFECT}
  preview: {{run: '{EFFECT}', needs: tests, when: {{label: "preview: *"}}}}
"""


def effects(world: World, sha: str) -> list[str]:
    lines = [line.split() for line in world.bot.ledger.read_text().splitlines()]
    return sorted(job for commit, job in lines if commit == sha)


def test_a_label_starts_the_check_that_waits_for_it_alone(world: World) -> None:
    repo = world.repo(CONFIG)
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    runs = world.concluded(sha, jobs=2)
    assert {name: run.conclusion for name, run in runs.items()} == {
        "tests": "success",
        "preview": "skipped",
    }
    assert "the label preview" in (runs["preview"].output.summary or "")
    world.github.wait_idle()
    repo.label(pull.number, "bug")
    repo.label(pull.number, "Preview: site")

    def previews() -> list[CheckRun]:
        found = repo.check_runs(sha, "dishwasher / preview")
        return [run for run in found if run.conclusion == "success"]

    world.github.wait_for(previews, what="the preview")
    world.wait_settled(sha)
    assert effects(world, sha) == ["preview", "tests"]
    assert len(repo.check_runs(sha, "dishwasher / tests")) == 1
    assert len(previews()) == 1
    reasons = {row["reason"] for row in world.table.rows("delivery") if row["stage"] == "ignored"}
    assert "no job of .dishwasher.yml asks for the label bug" in reasons


def test_a_label_taken_off_skips_what_runs_for_it(world: World) -> None:
    gate = world.gate()
    config = f"checks:\n  long: {{run: '{gate.script}', when: {{label: long}}}}\n  short: 'true'\n"
    repo = world.repo(config)
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    world.concluded(sha, jobs=2)
    repo.label(pull.number, "long")
    gate.wait()
    repo.unlabel(pull.number, "long")
    runs = world.github.wait_concluded(sha, at_least=3)
    latest = max((run for run in runs if run.name.endswith("/ long")), key=lambda run: run.id)
    assert latest.conclusion == "skipped"
    assert "the label long" in (latest.output.summary or "")
