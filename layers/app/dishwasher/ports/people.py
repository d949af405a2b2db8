"""Who reads and who commands, by the forge's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # For the annotations alone: who only rings a bell need not load all that can be told.
    from dishwasher.core.event import Repository
    from dishwasher.core.session import Person


class People(Protocol):
    """Who reads the pages, by the forge's own word."""

    def login_url(self, state: str, challenge: str, redirect: str) -> str:
        """The page of the forge that asks the person and sends the browser to `redirect`."""
        ...

    def person(self, code: str, verifier: str, redirect: str) -> Person:
        """Who came back with this code; raises Refused where the forge does not know it."""
        ...

    def may_read(self, repository: Repository, person: Person) -> bool:
        """Whether the forge shows this repository to the person."""
        ...


class Members(Protocol):
    """What people may do in a repository, by the forge's own word."""

    def may_write(self, repository: Repository, person: Person) -> bool:
        """Whether the person, known by id as well as by login, may push to it at this moment."""
        ...
