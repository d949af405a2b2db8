"""Who a reader of the pages is, and what GitHub lets that person see.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from dishwasher.core.event import Repository
from dishwasher.core.session import Person
from dishwasher.errors import InfraError, Refused
from dishwasher.github import answer as answers
from dishwasher.github.answer import read
from dishwasher.github.app import GithubApp
from dishwasher.github.client import ACCEPT, TIMEOUT, Call, Client
from dishwasher.github.members import GithubMembers

if TYPE_CHECKING:
    from requests import Response

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _User:
    id: int
    login: str


class GithubPeople:
    """Logs people in by the App's own OAuth; no token of theirs outlives the call that used it."""

    def __init__(
        self, app: GithubApp, url: str, api_url: str, client_id: str, client_secret: str
    ) -> None:
        self._app = app
        self._url, self._api = url.rstrip("/"), api_url.rstrip("/")
        self._id, self._secret = client_id, client_secret

    def login_url(self, state: str, challenge: str, redirect: str) -> str:
        """The page of GitHub that asks the person, and sends the browser back."""
        query = urlencode(
            {
                "client_id": self._id,
                "redirect_uri": redirect,
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        return f"{self._url}/login/oauth/authorize?{query}"

    def person(self, code: str, verifier: str, redirect: str) -> Person:
        """Who came back with this code; raises Refused where GitHub does not know it (any more)."""
        token = self._exchange(code, verifier, redirect)
        client = Client(self._api)
        try:
            call = Call("GET", "/user")
            answer = client.send(call, f"Bearer {token}")
            found = read(_User, answers.value(answer, str(call), once=False), str(call))
        finally:
            client.close()
            self._revoke(token)
        return Person(found.id, found.login)

    def may_read(self, repository: Repository, person: Person) -> bool:
        """Whether GitHub shows this repository to the person; asked with the App's own right."""
        return GithubMembers(self._app).may_read(repository, person)

    def _exchange(self, code: str, verifier: str, redirect: str) -> str:
        form = {
            "client_id": self._id,
            "client_secret": self._secret,
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        answer = self._post(f"{self._url}/login/oauth/access_token", form)
        try:
            told = answer.json()
        except ValueError as error:
            raise InfraError(f"GitHub's login answered {answer.status_code}, not JSON") from error
        if answer.status_code >= 500:
            raise InfraError(f"GitHub's login answered {answer.status_code}")
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not token:
            # https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
            why = str(told.get("error", "")) if isinstance(told, dict) else ""
            if why in ("incorrect_client_credentials", "redirect_uri_mismatch"):
                raise InfraError(
                    f"GitHub refuses the App's login: {why}. Do DISHWASHER_GITHUB_CLIENT_ID, "
                    "DISHWASHER_GITHUB_CLIENT_SECRET and the callback URL belong to this App?"
                )
            raise Refused("GitHub does not know this login (any more): begin it again")
        return token

    def _post(self, url: str, form: dict[str, str]) -> Response:
        import requests

        try:
            return requests.post(
                url,
                data=form,
                headers={"Accept": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Its text can hold the form, which has the secret.
            raise InfraError(f"GitHub's login: {type(error).__name__}") from None

    def _revoke(self, token: str) -> None:
        """End the person's token: it has told who they are, and is for nothing else."""
        import requests

        url = f"{self._api}/applications/{quote(self._id, safe='')}/token"
        try:
            answer = requests.delete(
                url,
                json={"access_token": token},
                auth=(self._id, self._secret),
                headers={"Accept": ACCEPT},
                timeout=TIMEOUT,
            )
        except requests.RequestException as error:
            # It ends by itself within eight hours, and nobody has it any more.
            _log.warning("a login's token was not ended: %s", type(error).__name__)
            return
        if answer.status_code != 204:
            _log.warning("a login's token was not ended: GitHub answered %d", answer.status_code)
