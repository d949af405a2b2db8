"""The People port over sets."""

from __future__ import annotations

from dishwasher.core.event import Repository
from dishwasher.core.session import Person
from dishwasher.errors import Fault, Refused


class MemoryPeople:
    """`codes` are those that the forge has given out; `readers` who may read which repository."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], Person] = {}
        """By the code and the challenge that it was given for."""
        self.readers: set[tuple[int, int]] = set()
        self.asked = 0
        self.fault: Fault | None = None

    def login_url(self, state: str, challenge: str, redirect: str) -> str:
        return f"https://github.invalid/login?{state}&{challenge}&{redirect}"

    def person(self, code: str, verifier: str, redirect: str) -> Person:
        found = self.codes.pop((code, verifier), None)
        if found is None:
            raise Refused("GitHub does not know this login (any more): begin it again")
        return found

    def may_read(self, repository: Repository, person: Person) -> bool:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return (repository.id, person.id) in self.readers
