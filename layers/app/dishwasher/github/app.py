"""The App's conversation with GitHub: authorized, limited, repeated only where that is safe."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from dishwasher.core.event import Repository
from dishwasher.errors import Fault, Gone, Rejected, Throttled
from dishwasher.github import answer as answers
from dishwasher.github.answer import Answer, Missing, Redirected, Unauthorized, read
from dishwasher.github.auth import (
    PERMISSIONS,
    Key,
    Purpose,
    Token,
    Tokens,
    granted_part,
    parse_time,
    purpose_of,
)
from dishwasher.github.client import Call, Client
from dishwasher.github.identity import Identity, not_us
from dishwasher.github.limiter import READ, WRITE, Limiter
from dishwasher.github.names import Names
from dishwasher.ports import Clock

APP = 0
"""The limiter's account of calls made as the App itself; no installation has this id."""


@dataclass(frozen=True, slots=True)
class _Named:
    id: int
    full_name: str


@dataclass(frozen=True, slots=True)
class _Minted:
    token: str
    expires_at: str
    repositories: tuple[_Named, ...] = ()


@dataclass(frozen=True, slots=True)
class _Accessible:
    repositories: tuple[_Named, ...]


@dataclass(frozen=True, slots=True)
class _App:
    id: int


class GithubApp:
    """What GithubSource, GithubChecks and GithubDeliveries share; safe to use from many threads.

    Every call raises the faults of `errors` only, and none sleeps: what a limit forbids raises
    Throttled before anything is sent.
    """

    def __init__(
        self,
        app_id: str,
        private_key: str,
        api_url: str,
        url: str,
        clock: Clock,
        limiter: Limiter,
    ) -> None:
        self.url, self.api_url = url.rstrip("/"), api_url.rstrip("/")
        self._id = app_id.strip()
        self._identity = Identity(Key(app_id, private_key), clock)
        self._client = Client(api_url)
        self._clock = clock
        self._limiter = limiter
        self._tokens = Tokens()
        self._names = Names()

    def close(self) -> None:
        """Close the connections to GitHub."""
        self._client.close()

    def give_back(self, within: float) -> None:
        """End every token that this process keeps, as far as that many seconds allow.

        What is left ends by itself within the hour.
        """
        tokens = deque(self._tokens.take_all())

        def revoke() -> None:
            while tokens:
                (installation, _, _), token = tokens.popleft()
                with suppress(Fault):
                    self.revoke(token.value, installation)

        # Of its own, because a GitHub that does not answer must not hold up the end of a process.
        thread = threading.Thread(target=revoke, name="give back", daemon=True)
        thread.start()
        thread.join(within)
        tokens.clear()

    @property
    def id(self) -> int:
        """The App's numeric id; GitHub is asked once when the setting is a client id."""
        if not self._id.isdigit():
            answer = self.as_app(Call("GET", "/app"))
            data = answers.value(answer, "GET /app", once=False)
            self._id = str(read(_App, data, "GET /app").id)
        return int(self._id)

    def name(self, repository: Repository) -> str:
        """`owner/name`, the present one as far as we know."""
        return self._names.of(repository)

    def free_at(self, repository: Repository) -> float:
        return self._limiter.free_at(repository.installation, WRITE, self._clock.now())

    def has_room(self, repository: Repository) -> bool:
        return self._limiter.has_room(repository.installation, self._clock.now())

    def call(self, repository: Repository, call: Call) -> Any:
        """The JSON answer to a call whose path stands below `/repos/{owner}/{name}`.

        Raises Missing where the repository has no such object.
        """

        def attempt(name: str) -> Any:
            named = replace(call, path=f"/repos/{quote(name)}{call.path}")
            answer = self._authorized(repository, named, purpose)
            return answers.value(answer, str(named), once=call.once)

        purpose = purpose_of(call.path)
        # A token comes with the repository's present name.
        self._token(repository, purpose, call.conclusion)
        name = self._names.of(repository)
        try:
            return attempt(name)
        except (Missing, Redirected) as error:
            present = self._present_name(repository, error, purpose, call.conclusion)
            if present.lower() == name.lower():
                raise
        return attempt(present)

    def as_app(self, call: Call, account: int = APP) -> Answer:
        """The answer to a call authorized by the App's JWT, paid for by that installation."""
        try:
            return self._signed(call, account)
        except Unauthorized as error:
            if not self._identity.heed(error):
                raise not_us(error) from error
        try:
            return self._signed(call, account)
        except Unauthorized as error:
            raise not_us(error) from error

    def _signed(self, call: Call, account: int) -> Answer:
        return self._exchange(account, call, f"Bearer {self._identity.jwt()}")

    def with_token(self, call: Call, token: str, installation: int) -> Answer:
        """The answer to a call that a token of one's own authorizes."""
        return self._exchange(installation, call, f"Bearer {token}")

    def revoke(self, token: str, installation: int) -> None:
        """End this token now; one that has ended already is fine."""
        # An invalid token is what we want it to be.
        with suppress(Unauthorized):
            self._exchange(installation, Call("DELETE", "/installation/token"), f"Bearer {token}")

    def mint(self, repository: Repository, purpose: Purpose, conclusion: bool = False) -> Token:
        """A new token for this one repository and purpose; raises Gone when there can be none."""
        wanted = PERMISSIONS[purpose]
        try:
            return self._mint(repository, wanted, conclusion)
        except Missing as error:
            raise Gone(f"the App may not act on {repository.full_name}: {error}") from error
        except Rejected as error:
            # The repository is out of reach, or its owner has not accepted some permission yet.
            accepted = granted_part(purpose, self._granted(repository.installation))
            if accepted == wanted or len(accepted) <= 1:
                raise Gone(f"the App may not act on {repository.full_name}: {error}") from error
        try:
            return self._mint(repository, accepted, conclusion)
        except (Missing, Rejected) as error:
            raise Gone(f"the App may not act on {repository.full_name}: {error}") from error

    def _mint(
        self, repository: Repository, permissions: Mapping[str, str], conclusion: bool
    ) -> Token:
        call = Call(
            "POST",
            f"/app/installations/{repository.installation}/access_tokens",
            # PyGithub's own call narrows a token to permissions only, not to a repository.
            body={"repository_ids": [repository.id], "permissions": dict(permissions)},
            conclusion=conclusion,
        )
        answer = self.as_app(call, repository.installation)
        minted = read(_Minted, answers.value(answer, str(call), once=False), str(call))
        for named in minted.repositories:
            if named.id == repository.id:
                self._names.learn(repository, named.full_name, self._clock.now())
        try:
            return Token(minted.token, parse_time(minted.expires_at))
        except ValueError as error:
            raise answers.unreadable(str(call), once=False) from error

    def _granted(self, installation: int) -> dict[str, str]:
        """What the installation's owner has accepted; nothing where there is none any more."""
        call = Call("GET", f"/app/installations/{installation}")
        try:
            data = answers.value(self.as_app(call, installation), str(call), once=False)
        except Missing:
            return {}
        permissions = data.get("permissions") if isinstance(data, dict) else None
        return {str(name): str(level) for name, level in (permissions or {}).items()}

    def _token(self, repository: Repository, purpose: Purpose, conclusion: bool) -> Token:
        scope = (repository.installation, repository.id, purpose)
        if found := self._tokens.get(scope, self._identity.now()):
            return found
        with self._tokens.minting(scope):
            if found := self._tokens.get(scope, self._identity.now()):
                return found
            token = self.mint(repository, purpose, conclusion)
            self._tokens.put(scope, token, self._identity.now())
            return token

    def _authorized(self, repository: Repository, call: Call, purpose: Purpose) -> Answer:
        token = self._token(repository, purpose, call.conclusion)
        try:
            return self._exchange(repository.installation, call, f"Bearer {token.value}")
        except Unauthorized:
            # Revoked, or the App was installed anew: a call that was not authorized did nothing.
            self._tokens.drop((repository.installation, repository.id, purpose), token)
        token = self._token(repository, purpose, call.conclusion)
        return self._exchange(repository.installation, call, f"Bearer {token.value}")

    def _exchange(self, account: int, call: Call, authorization: str) -> Answer:
        points = READ if call.verb == "GET" else WRITE
        self._limiter.take(account, points, self._clock.now(), conclusion=call.conclusion)
        answer = self._client.send(call, authorization)
        now = self._clock.now()
        if limit := answers.limit(answer, now):
            until = self._limiter.close(account, limit.until, now)
            raise Throttled(f"{call}: {answers.message(answer)[:200]}", until)
        self._limiter.heed(account, answers.quota(answer), now)
        if error := answers.fault(answer, str(call), once=call.once):
            raise error
        return answer

    def _present_name(
        self,
        repository: Repository,
        error: Missing | Redirected,
        purpose: Purpose,
        conclusion: bool,
    ) -> str:
        """The repository's name as GitHub knows it now; raises Gone when it is not there."""
        now = self._clock.now()
        known = self._names.of(repository)
        if isinstance(error, Missing) and self._names.is_confirmed(repository, now):
            return known
        # The token is for this one repository, so this lists it alone, whatever its name.
        call = Call("GET", "/installation/repositories", conclusion=conclusion)
        try:
            answer = self._authorized(repository, call, purpose)
        except (Missing, Rejected):
            return known
        found = read(_Accessible, answers.value(answer, str(call), once=False), str(call))
        for named in found.repositories:
            if named.id == repository.id:
                self._names.learn(repository, named.full_name, now)
                return named.full_name
        raise Gone(f"{repository.full_name} is no longer there for the App") from error
