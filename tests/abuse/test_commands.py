"""Commands in comments, from GitHub to the checks and back: case 46, and who may give them."""

from __future__ import annotations

import pytest
from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

REFUSED = "visitor may not write to the repository"
CONFIG = "checks:\n  lint: 'false'\n  tests: 'true'\n"


class Talk:
    """An open pull request of the team with one check that has failed."""

    def __init__(self, world: World, config: str = CONFIG, jobs: int = 2) -> None:
        self.world = world
        self.repo: Repo = world.repo(config)
        self.sha = self.repo.commit({"a.txt": "1"}, branch="topic")
        self.number = self.repo.open_pull("topic").number
        if jobs:
            world.concluded(self.sha, jobs=jobs)

    def say(self, body: str, user: str | None = None) -> int:
        """The id of the comment."""
        return self.repo.comment(self.number, body, user).id

    def acknowledged(self, body: str, user: str | None = None) -> str:
        """The first reaction to it."""
        id = self.say(body, user)
        self.world.github.wait_for(lambda: self.repo.reactions(id), what=f"a reaction to {body!r}")
        return self.repo.reactions(id)[0]

    def ignored(self, id: int) -> str:
        """Why nothing came of the comment, by the table."""

        def reasons() -> list[str]:
            return [
                str(row["reason"])
                for row in self.world.table.rows("delivery")
                if (row["event"] or {}).get("comment", None) is not None
                and row["event"]["comment"]["id"] == id
                and row["stage"] == "ignored"
            ]

        return str(self.world.table.wait(reasons, "the end of the command")[0])

    def runs(self, name: str = "lint") -> list[CheckRun]:
        return self.repo.check_runs(self.sha, f"dishwasher / {name}")

    def ours(self) -> list[str]:
        """What the App has written under the pull request."""
        return [one.body for one in self.repo.comments(self.number) if one.app_id is not None]


def test_who_may_write_runs_again_what_failed(world: World) -> None:
    talk = Talk(world)
    world.github.add_user("ann-1")
    talk.repo.collaborate("ann-1", "write")
    assert talk.acknowledged("/rerun\r\n\r\nIt was the network.", "ann-1") == "eyes"
    world.github.wait_for(lambda: len(talk.runs()) == 2, what="lint once more")
    world.github.wait_concluded(talk.sha, at_least=3)
    assert len(talk.runs("tests")) == 1


def test_a_check_is_run_again_by_its_name(world: World) -> None:
    talk = Talk(world)
    assert talk.acknowledged("/rerun tests") == "eyes"
    world.github.wait_for(lambda: len(talk.runs("tests")) == 2, what="tests once more")
    assert len(talk.runs()) == 1


@pytest.mark.parametrize("role", ["", "read", "triage"])
def test_case_46_who_may_not_write_is_refused(world: World, role: str) -> None:
    talk = Talk(world)
    user = f"visitor-{role or 'none'}"
    world.github.add_user(user)
    if role:
        talk.repo.collaborate(user, role)
    for line in ("/rerun", "/approve", "/cancel", "/help"):
        assert talk.acknowledged(line, user) == "-1"
    assert "may not write" in talk.ignored(talk.say("/rerun tests", user))
    assert len(talk.runs()) == len(talk.runs("tests")) == 1
    assert not any("/approve" in body for body in talk.ours())


def test_case_46_there_is_no_command_that_deploys(world: World) -> None:
    config = "checks: {tests: 'true'}\ndeployments: {live: {branch: master, run: 'true'}}\n"
    talk = Talk(world, config, jobs=1)
    assert "no command of ours" in talk.ignored(talk.say("/deploy live"))
    assert talk.acknowledged("/rerun live") == "-1"
    assert talk.repo.check_runs(talk.sha, "dishwasher / live") == []


def test_case_46_a_click_of_who_may_not_write_does_nothing(world: World) -> None:
    talk = Talk(world)
    world.github.add_user("visitor")
    (run,) = talk.runs()
    talk.repo.rerun(run.id, "visitor")
    talk.repo.press(run.id, "rerun-failed", "visitor")
    talk.repo.rerun_all(talk.sha, "visitor")

    def refused() -> list[str]:
        rows = world.table.rows("delivery")
        return [one["id"] for one in rows if one["reason"] == REFUSED]

    assert world.table.wait(lambda: len(refused()) == 3, "three refusals")
    talk.repo.rerun(run.id)
    world.github.wait_for(lambda: len(talk.runs()) == 2, what="a click of the owner's")
    assert len(talk.runs("tests")) == 1


def test_case_46_an_edited_comment_is_no_command(world: World) -> None:
    talk = Talk(world)
    id = talk.say("What do you think?")
    talk.repo.edit_comment(id, "/rerun")
    world.github.wait_idle()
    edited = world.table.wait(
        lambda: [
            row
            for row in world.table.rows("delivery")
            if row["name"] == "issue_comment" and "edited" in str(row["reason"])
        ],
        "the edited comment",
    )
    assert edited
    assert (talk.repo.reactions(id), len(talk.runs())) == ([], 1)


def test_a_bot_commands_nothing(world: World) -> None:
    talk = Talk(world)
    bot = world.github.world.users[world.app.bot_id].login
    id = talk.say("/rerun", bot)
    other = talk.acknowledged("/rerun tests")
    assert (other, talk.repo.reactions(id), len(talk.runs())) == ("eyes", [], 1)


def test_what_still_runs_is_cancelled(world: World) -> None:
    gate = world.gate()
    talk = Talk(world, f"checks:\n  slow: {gate.script}\n", jobs=0)
    gate.wait()
    assert talk.acknowledged("/cancel") == "eyes"
    (run,) = world.concluded(talk.sha).values()
    assert run.conclusion == "cancelled"
    assert "Cancelled by" in (run.output.summary or "")


def test_help_and_mistakes_are_answered_in_our_one_comment(world: World) -> None:
    talk = Talk(world, "checks: {tests: 'true'}\n", jobs=1)
    assert talk.ours() == []
    assert talk.acknowledged("/help") == "eyes"
    world.github.wait_for(lambda: any("/cancel" in body for body in talk.ours()), what="help")
    assert talk.acknowledged("/cancel everything") == "confused"
    world.github.wait_for(lambda: "stands alone" in talk.ours()[0], what="the answer")
    assert len(talk.ours()) == 1


def test_a_locked_conversation_commands_nothing(world: World) -> None:
    talk = Talk(world)
    talk.repo.lock(talk.number)
    assert "is locked" in talk.ignored(talk.say("/rerun"))
    assert len(talk.runs()) == 1
