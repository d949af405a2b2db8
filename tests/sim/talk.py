"""What stands under the simulated pull requests: comments that lists show late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dishwasher.core import comment
from dishwasher.core.build import Build, build_group
from dishwasher.core.command import Reaction
from dishwasher.core.comment import MARKER
from dishwasher.core.config import Kind
from dishwasher.core.event import Repository
from dishwasher.core.job import Job
from dishwasher.core.report import Report, pull_key
from dishwasher.core.session import Person
from dishwasher.errors import Gone
from dishwasher.ports import Conversation, PostedComment

from tests.fakes.store import MemoryStore
from tests.sim.hub import LONG_LISTED, WRITE_RISK, Hub
from tests.sim.world import World

WORD_RISK = 4 * WRITE_RISK
"""There are far fewer comments than check runs."""
WRITER = Person(1, "ann")
READER = Person(2, "bob")
"""Of all repositories; who may write to them, and who may not."""
TEAM = frozenset({WRITER, Person(2, "somebody")})
"""The latter pushes and clicks."""


@dataclass(slots=True)
class Word:
    """One comment of ours; `zombie` when it was written without a claim."""

    id: int
    repository: int
    number: int
    head: str
    body: str
    listed_at: float
    zombie: bool = False
    withdrawn: bool = False
    deleted: bool = False
    unwanted: str = ""
    """The commit that it spoke of when a person deleted it, and we knew that it was there."""


class SimTalk:
    """The port Comments; every call may fail before or after its effect."""

    def __init__(self, world: World, hub: Hub) -> None:
        self._world, self._hub = world, hub
        self.words: list[Word] = []
        self.reactions: set[tuple[int, int, Reaction]] = set()
        """Repository, comment and how it was acknowledged."""

    def of(self, repository: int, number: int) -> list[Word]:
        return [
            word
            for word in self.words
            if (word.repository, word.number) == (repository, number) and not word.withdrawn
        ]

    def conversation(self, repository: Repository, number: int) -> Conversation:
        def read() -> Conversation:
            stand = self._hub.stand(repository, number)
            return Conversation(stand.head_sha, stand.is_open, is_locked=False)

        return self._hub.call(repository, f"conversation {number}", read)

    def comments(self, repository: Repository, number: int) -> tuple[PostedComment, ...]:
        def read() -> tuple[PostedComment, ...]:
            here = self.of(repository.id, number)
            if any(word.listed_at > self._world.now for word in here):
                self._world.sometimes("a list lacked a comment that was made")
            return tuple(
                PostedComment(word.id, word.body)
                for word in here
                if word.listed_at <= self._world.now
            )

        return self._hub.call(repository, f"comments {number}", read)

    def comment(self, repository: Repository, number: int, body: str) -> int:
        def make() -> int:
            self._world.law(body.endswith(MARKER), "G3 a comment that nobody could find again")
            self._needed(repository, number)
            self._wanted(repository, number)
            listed_at = self._world.now + self._hub.lag()
            head = self._hub.stand(repository, number).head_sha
            made = Word(len(self.words) + 1, repository.id, number, head, body, listed_at)
            made.zombie = self._hub.is_frozen
            self.words.append(made)
            self._world.sometimes("a comment was made")
            return made.id

        return self._hub.call(repository, f"comment {number}", make, once=True, risk=WORD_RISK)

    def edit(self, repository: Repository, id: int, body: str) -> None:
        def say() -> None:
            word = self._find(id)
            if self._hub.is_frozen and word.body != body:
                self._world.sometimes("a zombie changed a comment")
            word.body = body
            self._world.sometimes("a comment was edited")
            word.zombie = word.zombie or self._hub.is_frozen

        self._hub.call(repository, f"edit {id}", say, risk=WORD_RISK)

    def withdraw(self, repository: Repository, id: int) -> None:
        def remove() -> None:
            for word in self.words:
                if word.id == id:
                    word.withdrawn = True
                    self._world.sometimes("a second comment was withdrawn")

        self._hub.call(repository, f"withdraw {id}", remove, risk=WRITE_RISK)

    def react(self, repository: Repository, id: int, reaction: Reaction) -> None:
        def acknowledge() -> None:
            self.reactions.add((repository.id, id, reaction))

        self._hub.call(repository, f"react {id}", acknowledge, risk=WRITE_RISK)

    def may_write(self, repository: Repository, person: Person) -> bool:
        def allowed() -> bool:
            return person in TEAM

        return self._hub.call(repository, f"may {person.login} write", allowed)

    def delete(self, repository: int, number: int, known: int) -> None:
        """A person does; `known` is the comment that the table holds for ours."""
        head = self._hub.repos[repository].requests[number - 1].head
        for word in self.of(repository, number):
            word.withdrawn = word.deleted = True
            word.unwanted = head if word.id == known and head[:7] in word.body else ""
            self._world.sometimes("a person deleted a comment")

    def _needed(self, repository: Repository, number: int) -> None:
        """Whoever looked, and looked in time, would have found the first one."""
        for word in self.of(repository.id, number):
            long_ago = word.listed_at + LONG_LISTED < self._world.now
            seen = long_ago and not word.zombie and not self._hub.is_frozen
            self._world.law(not seen, "G3", repository.id, number, "got a second comment")
            self._world.sometimes("a comment was made twice")

    def _wanted(self, repository: Repository, number: int) -> None:
        """Who deletes a comment is not told the same of the same commit again."""
        stand = self._hub.stand(repository, number)
        here = (repository.id, number, stand.head_sha)
        again = any((word.repository, word.number, word.unwanted) == here for word in self.words)
        fair = not again or self._hub.is_frozen
        self._world.law(fair, "G3", repository.id, number, "is told what somebody deleted")

    def _find(self, id: int) -> Word:
        found = next((word for word in self.words if word.id == id and not word.withdrawn), None)
        if found is None:
            raise Gone(f"no comment {id}")
        return found


def problems(rows: MemoryStore, hub: Hub, talk: SimTalk) -> Iterator[str]:
    """What is not as it should be under the open pull requests, once all is calm."""
    for repo in hub.repos.values():
        for request in repo.requests if repo.gone_at == float("inf") else ():
            words = talk.of(repo.value.id, request.number)
            if len(words) > 1 and not any(word.zombie for word in words):
                yield f"L8 {len(words)} comments under {repo.value.id}/{request.number}"
            deleted = any(
                word.deleted
                for word in talk.words
                if (word.repository, word.number) == (repo.value.id, request.number)
            )
            # Who deletes it may be told of a later commit, and need not.
            if request.is_open and (words or not deleted):
                yield from _says(rows, repo.value.id, request.number, request.head, words)


def _says(
    rows: MemoryStore, repository: int, number: int, head: str, words: list[Word]
) -> Iterator[str]:
    builds = rows.group(Build, build_group(repository, head))
    jobs = comment.latest(
        (build.created, job)
        for build in builds
        if number in build.requests
        for job in rows.group(Job, build.id)
        # What it deploys is told by its check alone.
        if job.spec.kind is Kind.CHECK
    )
    report = rows.get(Report, pull_key(repository, number))
    mine = any(number in build.requests for build in builds)
    acting = sum(job.reason in comment.ACT for job in jobs)
    here = f"the comment under {repository}/{number}"
    if not mine or (report is not None and report.said.silent):
        return
    if acting and not words:
        yield f"L8 {here} is missing: {acting} of {len(jobs)} fail at {head[:7]}"
    for word in words:
        told = head[:7] in word.body and (not acting or word.body.startswith(f"**{acting} of "))
        if not told:
            yield f"L8 {here} says {word.body.splitlines()[0]!r} of {head[:7]}"
