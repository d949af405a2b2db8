"""GitHub's log of the webhooks that it sent us: what got lost is asked for again.

https://docs.github.com/en/rest/apps/webhooks; GitHub repeats none by itself and keeps three days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import parse_qs, urlparse

from dishwasher.github import answer as answers
from dishwasher.github.answer import Answer, read, unreadable
from dishwasher.github.app import GithubApp
from dishwasher.github.auth import parse_time
from dishwasher.github.client import Call
from dishwasher.ports import Content, Deliveries, FailedDelivery

PER_PAGE = 100
MAX_PAGES = 300
"""Pages of the log that are read at most: what is older than 30,000 failures is left to who looks
at branches and pull requests."""
NEXT = re.compile(r'<([^>]+)>;[^,]*rel="?next"?')


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    guid: str
    delivered_at: str
    status: str
    status_code: int

    @property
    def arrived(self) -> bool:
        return self.status == "OK" or 200 <= self.status_code < 300


class GithubDeliveries:
    """Deliveries over GitHub's REST API, as the App itself."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        """The latest failed delivery of each GUID that has no successful one, oldest first."""
        found: dict[str, FailedDelivery] = {}
        oldest = since
        for entry, at in self._log("failure", since):
            if entry.arrived:
                continue
            last = found.get(entry.guid) or _failed(entry, at)
            found[entry.guid] = replace(last, first=at, tries=last.tries + 1)
            oldest = at
        if found:
            # A success of the same GUID can only be later than its failure.
            for entry, _ in self._log("success", oldest):
                if entry.arrived:
                    found.pop(entry.guid, None)
        return tuple(sorted(found.values(), key=lambda one: one.first))

    def redeliver(self, id: int) -> None:
        """Ask GitHub to send it again; a repeat is harmless because the GUID stays the same."""
        self._app.as_app(Call("POST", f"/app/hook/deliveries/{id}/attempts"))

    def content(self, id: int) -> Content:
        """https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook"""
        call = Call("GET", f"/app/hook/deliveries/{id}")
        data = answers.value(self._app.as_app(call), str(call), once=False)
        match data:
            case {"event": str(event), "request": {"payload": dict(body)}}:
                return Content(event, json.dumps(body).encode())
        raise unreadable(str(call), once=False)

    def _log(self, status: str, since: float) -> Iterator[tuple[_Entry, float]]:
        """Entries since that time with their time, newest first."""
        query: dict[str, str | int] = {"per_page": PER_PAGE, "status": status}
        for _ in range(MAX_PAGES):
            call = Call("GET", "/app/hook/deliveries", query)
            answer = self._app.as_app(call)
            data = answers.value(answer, str(call), once=False)
            for entry in read(tuple[_Entry, ...], data, str(call)):
                try:
                    at = parse_time(entry.delivered_at)
                except ValueError as error:
                    raise unreadable(str(call), once=False) from error
                if at < since:
                    return
                yield entry, at
            cursor = _cursor(answer)
            if cursor is None:
                return
            query = query | {"cursor": cursor}


def _failed(entry: _Entry, at: float) -> FailedDelivery:
    """By its last try, whose entry comes first."""
    too_large = entry.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return FailedDelivery(entry.id, entry.guid, at, at, 0, too_large)


def _cursor(answer: Answer) -> str | None:
    """Where the next page begins, as the `Link` header says."""
    if not (found := NEXT.search(answer.headers.get("link", ""))):
        return None
    return parse_qs(urlparse(found[1]).query).get("cursor", [None])[0]


def _conforms(app: GithubApp) -> Deliveries:
    return GithubDeliveries(app)
