"""The port Comments over a list, with the trouble of the forge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dishwasher.core.command import Reaction
from dishwasher.core.event import Repository
from dishwasher.core.session import Person
from dishwasher.errors import Gone, Rejected
from dishwasher.ports import Conversation, PostedComment

from tests.fakes.forge import STALE_SECONDS, FakeForge, Trouble

BODY_CHARACTERS = 65_536


@dataclass(slots=True)
class Written:
    """A comment; `bodies` are all that it has said, with the time of each."""

    id: int
    repository: int
    number: int
    ours: bool
    bodies: list[tuple[float, str]] = field(default_factory=list)
    deleted: bool = False

    @property
    def body(self) -> str:
        return self.bodies[-1][1]


class FakeTalk:
    """What stands under pull requests."""

    def __init__(self, forge: FakeForge) -> None:
        self._forge = forge
        self.pulls: dict[tuple[int, int], Conversation] = {}
        """By repository and number."""
        self.all: list[Written] = []
        self.reactions: dict[int, set[Reaction]] = {}
        """By the id of the comment."""
        self.writers: set[tuple[int, Person]] = set()
        """Who may push to which repository."""

    # What people do

    def stands(self, repository: Repository, number: int, head: str) -> None:
        """The pull request is open at this commit."""
        self.pulls[repository.id, number] = Conversation(head, True, False)

    def close(self, repository: Repository, number: int) -> None:
        found = self.pulls[repository.id, number]
        self.pulls[repository.id, number] = replace(found, is_open=False)

    def lock(self, repository: Repository, number: int) -> None:
        found = self.pulls[repository.id, number]
        self.pulls[repository.id, number] = replace(found, is_locked=True)

    def write(self, repository: Repository, number: int, body: str, *, ours: bool = False) -> int:
        made = Written(len(self.all) + 1, repository.id, number, ours)
        made.bodies.append((self._forge.now(), body))
        self.all.append(made)
        return made.id

    def of(self, repository: Repository, number: int) -> list[Written]:
        """What is there to be read."""
        return [
            one
            for one in self.all
            if (one.repository, one.number) == (repository.id, number) and not one.deleted
        ]

    # Comments

    def conversation(self, repository: Repository, number: int) -> Conversation:
        self._forge.lose(self._forge.meet("conversation", repository), once=False)
        if (repository.id, number) not in self.pulls:
            raise Gone(f"no pull request {number}")
        return self.pulls[repository.id, number]

    def comments(self, repository: Repository, number: int) -> tuple[PostedComment, ...]:
        trouble = self._forge.meet("comments", repository)
        at = self._forge.now() - (STALE_SECONDS if trouble is Trouble.STALE else 0)
        self._forge.lose(trouble, once=False)
        return tuple(
            PostedComment(one.id, [body for time, body in one.bodies if time <= at][-1])
            for one in self.of(repository, number)
            if one.ours and one.bodies[0][0] <= at
        )

    def comment(self, repository: Repository, number: int, body: str) -> int:
        trouble = self._forge.meet("comment", repository, once=True)
        if self.pulls[repository.id, number].is_locked:
            raise Gone("the conversation is locked")
        _validate(body)
        id = self.write(repository, number, body, ours=True)
        self._forge.lose(trouble, once=True)
        return id

    def edit(self, repository: Repository, id: int, body: str) -> None:
        trouble = self._forge.meet("edit", repository)
        found = self._found(id)
        if found is None:
            raise Gone(f"no comment {id}")
        _validate(body)
        found.bodies.append((self._forge.now(), body))
        self._forge.lose(trouble, once=False)

    def withdraw(self, repository: Repository, id: int) -> None:
        trouble = self._forge.meet("withdraw", repository)
        if found := self._found(id):
            found.deleted = True
        self._forge.lose(trouble, once=False)

    def react(self, repository: Repository, id: int, reaction: Reaction) -> None:
        trouble = self._forge.meet("react", repository)
        self.reactions.setdefault(id, set()).add(reaction)
        self._forge.lose(trouble, once=False)

    # Members

    def may_write(self, repository: Repository, person: Person) -> bool:
        self._forge.lose(self._forge.meet("may_write", repository), once=False)
        return (repository.id, person) in self.writers

    def _found(self, id: int) -> Written | None:
        return next((one for one in self.all if one.id == id and not one.deleted), None)


def _validate(body: str) -> None:
    """What GitHub answers 422 to."""
    if not body.strip() or len(body) > BODY_CHARACTERS:
        raise Rejected("body is too long (maximum is 65536 characters)")
