"""Comments: GitHub's adapter over HTTP and the fake must be alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
from dishwasher.core.command import Reaction
from dishwasher.core.event import Repository
from dishwasher.demo.github import Repo, StandIn
from dishwasher.errors import Ambiguous, Gone, InfraError, Rejected
from dishwasher.github import GithubApp, GithubComments, Limiter
from dishwasher.ports import Comments, Conversation, PostedComment

from tests.fakes.clock import FakeClock
from tests.fakes.forge import FakeForge, Trouble
from tests.fakes.talk import FakeTalk

COMMENT = "*/issues/*/comments"


class Stage(Protocol):
    """The repository `octo/demo` with one open pull request, number 1."""

    comments: Comments
    repository: Repository
    head: str

    def shown(self) -> list[tuple[int, str]]:
        """Id and body of each comment, whoever wrote it, oldest first."""
        ...

    def stranger_says(self, body: str) -> None: ...
    def reactions(self, id: int) -> list[str]:
        """To one comment, in the forge's words."""
        ...

    def delete(self, id: int) -> None: ...
    def lock(self) -> None: ...
    def close(self) -> None: ...
    def forgive(self) -> None:
        """What GitHub has complained of until now was meant to be wrong."""
        ...

    def trouble(self, trouble: Trouble, verb: str, operation: str) -> None: ...


class GithubStage:
    def __init__(self, github: StandIn) -> None:
        self.github = github
        self.forgiven = 0
        registered = github.add_app()
        self.repo: Repo = github.add_repo("octo/demo", {"config": b"first"})
        installation = github.install(registered, "octo")
        self.head = self.repo.commit({"a": "1"}, branch="topic")
        self.repo.open_pull("topic")
        self.repository = Repository(self.repo.id, "octo", "demo", "master", True, installation.id)
        self.app = GithubApp(
            *(str(registered.id), registered.private_key, github.api_url, github.url),
            *(FakeClock(github.clock.now()), Limiter()),
        )
        self.comments: Comments = GithubComments(self.app)

    def shown(self) -> list[tuple[int, str]]:
        return [(one.id, one.body) for one in self.repo.comments(1)]

    def stranger_says(self, body: str) -> None:
        self.github.add_user("stranger")
        self.repo.comment(1, body, user="stranger")

    def reactions(self, id: int) -> list[str]:
        return [one.content for one in self.github.world.reactions.of(id)]

    def delete(self, id: int) -> None:
        self.repo.delete_comment(id)

    def lock(self) -> None:
        self.repo.lock(1)

    def close(self) -> None:
        self.repo.close(1)

    def forgive(self) -> None:
        self.forgiven = len(self.github.violations)

    def trouble(self, trouble: Trouble, verb: str, operation: str) -> None:
        kinds = {Trouble.BEFORE: "502-before", Trouble.AFTER: "timeout-after"}
        path = COMMENT if verb == "POST" else "*/issues/comments/*"
        self.github.fail(kinds[trouble], path, verb)


class FakeStage:
    def __init__(self) -> None:
        self.forge = FakeForge(FakeClock())
        self.repository = Repository(5, "octo", "demo", "master", True, 99)
        self.forge.add(self.repository)
        self.head = "a" * 40
        self.talk = FakeTalk(self.forge)
        self.talk.stands(self.repository, 1, self.head)
        self.comments: Comments = self.talk

    def shown(self) -> list[tuple[int, str]]:
        return [(one.id, one.body) for one in self.talk.of(self.repository, 1)]

    def stranger_says(self, body: str) -> None:
        self.talk.write(self.repository, 1, body)

    def reactions(self, id: int) -> list[str]:
        return [one.value for one in self.talk.reactions.get(id, ())]

    def delete(self, id: int) -> None:
        self.talk.withdraw(self.repository, id)

    def lock(self) -> None:
        self.talk.lock(self.repository, 1)

    def close(self) -> None:
        self.talk.close(self.repository, 1)

    def forgive(self) -> None:
        """It keeps no such list."""

    def trouble(self, trouble: Trouble, verb: str, operation: str) -> None:
        self.forge.plan(operation, trouble)


@pytest.fixture(params=["fake", "github"])
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with StandIn() as github:
        made = GithubStage(github)
        yield made
        made.app.close()
        assert github.violations[made.forgiven :] == []


def test_a_comment_is_written_edited_and_withdrawn(stage: Stage) -> None:
    id = stage.comments.comment(stage.repository, 1, "one")
    assert stage.shown() == [(id, "one")]
    stage.comments.edit(stage.repository, id, "two")
    stage.comments.edit(stage.repository, id, "two")
    assert stage.shown() == [(id, "two")]
    stage.comments.withdraw(stage.repository, id)
    stage.comments.withdraw(stage.repository, id)
    assert stage.shown() == []


def test_only_our_own_comments_are_listed(stage: Stage) -> None:
    first = stage.comments.comment(stage.repository, 1, "one <!-- mark -->")
    stage.stranger_says("copied <!-- mark -->")
    second = stage.comments.comment(stage.repository, 1, "two")
    assert stage.comments.comments(stage.repository, 1) == (
        PostedComment(first, "one <!-- mark -->"),
        PostedComment(second, "two"),
    )


def test_more_comments_than_one_page_holds_are_read(stage: Stage) -> None:
    for number in range(101):
        stage.stranger_says(f"word {number}")
    id = stage.comments.comment(stage.repository, 1, "ours")
    assert stage.comments.comments(stage.repository, 1) == (PostedComment(id, "ours"),)


def test_a_conversation_tells_where_it_stands(stage: Stage) -> None:
    assert stage.comments.conversation(stage.repository, 1) == Conversation(
        stage.head, is_open=True, is_locked=False
    )
    stage.lock()
    stage.close()
    assert stage.comments.conversation(stage.repository, 1) == Conversation(
        stage.head, is_open=False, is_locked=True
    )


def test_what_is_not_there_or_locked_is_gone(stage: Stage) -> None:
    id = stage.comments.comment(stage.repository, 1, "one")
    stage.delete(id)
    with pytest.raises(Gone):
        stage.comments.edit(stage.repository, id, "two")
    with pytest.raises(Gone):
        stage.comments.conversation(stage.repository, 12345)
    stage.lock()
    with pytest.raises(Gone):
        stage.comments.comment(stage.repository, 1, "again")
    assert stage.shown() == []


@pytest.mark.parametrize("body", ["", "x" * 65_537])
def test_a_body_that_github_does_not_take_is_rejected(stage: Stage, body: str) -> None:
    with pytest.raises(Rejected):
        stage.comments.comment(stage.repository, 1, body)
    id = stage.comments.comment(stage.repository, 1, "é" * 60_000)
    with pytest.raises(Rejected):
        stage.comments.edit(stage.repository, id, body)
    stage.forgive()


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_a_lost_answer_is_ambiguous_where_a_repeat_would_show(
    stage: Stage, trouble: Trouble
) -> None:
    stage.trouble(trouble, "POST", "comment")
    with pytest.raises(Ambiguous):
        stage.comments.comment(stage.repository, 1, "one")
    assert len(stage.shown()) == (trouble is Trouble.AFTER)
    id = stage.comments.comment(stage.repository, 1, "two")
    stage.trouble(trouble, "PATCH", "edit")
    with pytest.raises(InfraError) as caught:
        stage.comments.edit(stage.repository, id, "three")
    assert not isinstance(caught.value, Ambiguous)
    assert stage.shown()[-1] == (id, "three" if trouble is Trouble.AFTER else "two")


def test_a_comment_of_somebody_is_acknowledged_once(stage: Stage) -> None:
    stage.stranger_says("/rerun")
    ((id, _),) = stage.shown()
    for _ in range(2):
        stage.comments.react(stage.repository, id, Reaction.TAKEN)
    assert stage.reactions(id) == ["eyes"]


def test_a_comment_that_is_gone_is_not_acknowledged(stage: Stage) -> None:
    stage.stranger_says("/rerun")
    ((id, _),) = stage.shown()
    stage.delete(id)
    stage.comments.react(stage.repository, id, Reaction.REFUSED)
    stage.forgive()
