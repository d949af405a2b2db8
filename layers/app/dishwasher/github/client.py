"""HTTP through PyGithub: its retries and its pacing off, one instance a thread.

Measured of PyGithub 2.10: by default it repeats a POST on any 5xx (two comments, two check runs),
sleeps in the calling thread, and one instance shared by threads can hand one call's answer to
another. Its handling of 301 drops the query string, so that `?ref=` would be lost and the default
branch read instead: redirects come back to us.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dishwasher import __version__
from dishwasher.errors import Ambiguous, InfraError
from dishwasher.github.answer import Answer

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from github import Github
    from requests import RequestException
    from urllib3 import BaseHTTPResponse, Retry
    from urllib3.connectionpool import ConnectionPool

API_VERSION = "2022-11-28"
"""Supported until March 2028: https://docs.github.com/en/rest/about-the-rest-api/api-versions"""
TIMEOUT = 15
"""Seconds to connect, and between two pieces of an answer; GitHub itself gives up after ten."""
IDLE = 30.0
"""Seconds after which a connection is not used again. A Lambda function is frozen between calls,
hears nothing of a connection's end, and would not know what became of a request on it:
https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html"""
ACCEPT = "application/vnd.github+json"


@dataclass(frozen=True, slots=True)
class Call:
    """A request to GitHub. The path is percent-encoded; the body is what becomes JSON."""

    verb: str
    path: str
    query: Mapping[str, str | int] | None = None
    body: object = None
    once: bool = False
    """A repeat would show, so a failure that leaves the effect open is Ambiguous."""
    conclusion: bool = False
    """May use the points that the limiter reserves."""

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


class _Answered(Exception):
    """Carries an answer out of PyGithub that it must not act upon itself."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Client:
    """Sends one request and answers what came back, or raises what is known of the failure."""

    def __init__(
        self, api_url: str, timeout: int = TIMEOUT, now: Callable[[], float] = time.time
    ) -> None:
        """`now`: not a clock that may stand while the process is frozen."""
        # Not above: it takes 0.2 s, which a process that never calls must not pay.
        import github

        self._url = api_url.rstrip("/")
        self._timeout, self._now = timeout, now
        self._make = github.Github
        self._retry = _never()
        self._local = threading.local()
        self._all: weakref.WeakSet[Github] = weakref.WeakSet()
        self._lock = threading.Lock()

    def send(self, call: Call, authorization: str = "") -> Answer:
        """One HTTP request, never repeated; a failure is Ambiguous or an InfraError."""
        from requests import RequestException

        headers = {"Accept": ACCEPT}
        if authorization:
            headers["Authorization"] = authorization
        query = dict(call.query) if call.query else None
        requester = self._github().requester
        try:
            status, answered, text = requester.requestJson(
                call.verb, call.path, query, headers, call.body
            )
        except _Answered as early:
            return early.answer
        # ValueError: PyGithub parses the limit headers as numbers, whatever they hold.
        except (RequestException, ValueError) as error:
            what = f"{call}: {type(error).__name__}"
            if call.once and not _unsent(error):
                raise Ambiguous(f"{what}; the call may have had its effect") from error
            raise InfraError(f"{what}; GitHub can not be reached") from error
        finally:
            self._local.used = self._now()
        return Answer(status, answered, text)

    def close(self) -> None:
        """Close the connections of every thread."""
        with self._lock:
            for github in list(self._all):
                github.close()

    def _github(self) -> Github:
        found: Github | None = getattr(self._local, "github", None)
        if found is None:
            found = self._local.github = self._make(
                base_url=self._url,
                timeout=self._timeout,
                user_agent=f"dishwasher/{__version__}",
                per_page=100,
                retry=self._retry,
                seconds_between_requests=None,
                seconds_between_writes=None,
                lazy=True,
                api_version=API_VERSION,
            )
            with self._lock:
                self._all.add(found)
        elif abs(self._now() - self._local.used) > IDLE:
            # It makes itself another connection.
            found.close()
        return found


def _never() -> Retry:
    """A urllib3 retry policy that never repeats, and hands over what PyGithub would act upon."""
    from urllib3.util import Retry

    class Never(Retry):
        def increment(
            self,
            method: str | None = None,
            url: str | None = None,
            response: BaseHTTPResponse | None = None,
            error: Exception | None = None,
            _pool: ConnectionPool | None = None,
            _stacktrace: TracebackType | None = None,
        ) -> Self:
            if response is not None:
                headers = {name.lower(): text for name, text in response.headers.items()}
                body = response.data.decode("utf-8", "replace")
                raise _Answered(Answer(response.status, headers, body))
            return super().increment(method, url, response, error, _pool, _stacktrace)

    # 301: see above. 202: to a GET, PyGithub sleeps two seconds and asks again, for ever.
    return Never(
        total=0, read=False, redirect=False, status_forcelist=(202, 301), allowed_methods=None
    )


def _unsent(error: RequestException | ValueError) -> bool:
    """Whether the request can not have reached GitHub: there never was a connection."""
    from requests import ConnectTimeout
    from requests.exceptions import ProxyError
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, ConnectTimeout | ProxyError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
