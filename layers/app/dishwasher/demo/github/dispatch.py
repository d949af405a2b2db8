"""From an HTTP request to an API answer: faults, identity, limits, validity, permission, effect."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from dishwasher.demo.github import api, description, faults
from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.auth import Caller, bearer, identify
from dishwasher.demo.github.faults import Fault, Faults, Kind
from dishwasher.demo.github.journal import Entry, Journal, Violation
from dishwasher.demo.github.limits import Limits, Standing
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.routes import Call, Route, find, problems
from dishwasher.demo.github.wire import HangUp, Request, Response
from dishwasher.demo.github.world import World

__all__ = ["Api", "Observer"]

Json = dict[str, Any]

# https://docs.github.com/rest/about-the-rest-api/api-versions
VERSIONS = ("2022-11-28", "2026-03-10")
BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")
Observer = Callable[[str, Answer], None]
BODYLESS = frozenset({"GET", "HEAD"})


class Api:
    """Serves `/api/v3`. Everything but reading git happens under the world's lock."""

    def __init__(
        self,
        world: World,
        limits: Limits,
        rules: Faults,
        journal: Journal,
        observe: Observer | None = None,
    ) -> None:
        self.observe = observe
        self.world = world
        self.limits = limits
        self.faults = rules
        self.journal = journal
        self.description = description.load()
        api.load()

    def serve(self, request: Request, path: str) -> Response:
        """`path` is without the base."""
        started = time.perf_counter()
        fault = self.faults.take(request.method, path)
        seen = Seen()
        status = 0
        try:
            answer = faults.before(fault, self.world.clock.now())
            if answer is None:
                answer = faults.after(fault, self._answer(request, path, fault, seen))
            status = answer.status
            return answer.response(seen.headers() | self._common(request))
        except HangUp:
            seen.hung_up = True
            raise
        finally:
            self.journal.add(
                Entry(
                    at=self.world.clock.now(),
                    kind="api",
                    method=request.method,
                    path=path,
                    query=request.query,
                    body=seen.body,
                    status=status,
                    points=seen.standing.points if seen.standing else 0,
                    caller=seen.caller.bucket,
                    seconds=time.perf_counter() - started,
                    fault=None if fault is None else fault.kind.value,
                )
            )

    def _answer(self, request: Request, path: str, fault: Fault | None, seen: Seen) -> Answer:
        try:
            _check_headers(request.headers)
            with self.world.lock:
                seen.caller = identify(self.world, bearer(request.headers))
            found = self._route(request.method, path)
            if found is None:
                raise Refusal(404, "Not Found", violation=True)
            one, params = found
            self._charge(seen, one, request.method)
            seen.body = _document(request)
            as_of = None
            if fault is not None and fault.kind is Kind.stale:
                as_of = self.world.clock.now() - fault.seconds
            with self.world.lock:
                target = self._target(request, path, params, seen.caller)
                call = Call(
                    self.world,
                    self.limits,
                    seen.caller,
                    params,
                    request.query,
                    request.headers,
                    seen.body or {},
                    as_of,
                    target,
                )
                self._permit(one, call)
                self._validate(one, call, seen.body)
                answer = one.handler(call)
                if self.observe is not None:
                    self.observe(one.operation, answer)
                return _of_version(answer, request.headers)
        except Refusal as refusal:
            if refusal.violation:
                self.journal.violate(Violation(request.method, path, _told(refusal)))
            return refusal.answer()

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """By name, or by id: GitHub serves everything under `/repositories/ID` as well."""
        if found := BY_ID.fullmatch(path):
            repository = self.world.repositories.get(int(found[1]))
            if repository is None:
                raise not_found()
            path = f"/repos/{self.world.full_name(repository)}{found[2] or ''}"
        return find("GET" if method == "HEAD" else method, path)

    def _charge(self, seen: Seen, one: Route, method: str) -> None:
        now = self.world.clock.now()
        with self.world.lock:
            seen.standing = self.limits.charge(seen.caller.bucket, method, now, one.free)
        if seen.standing.exhausted and not one.free:
            raise Refusal(403, "API rate limit exceeded for installation.")
        if seen.standing.retry_after is not None:
            headers = {"Retry-After": str(seen.standing.retry_after)}
            raise Refusal(403, faults.SECONDARY, headers=headers)

    def _target(
        self, request: Request, path: str, params: Mapping[str, str], caller: Caller
    ) -> Repository | None:
        """The repository of the path; an old name leads to the new place."""
        if "repo" not in params:
            return None
        repository = self.world.repository(params["owner"], params["repo"])
        if repository is None or caller.level(self.world, repository, "metadata") == "none":
            raise not_found()
        if (
            not path.startswith("/repositories/")
            and repository.name != params["repo"]
            and (repository.name.lower() != params["repo"].lower())
        ):
            rest = path.split("/", 4)[4:]
            url = "/".join([f"{self.world.api_url}/repositories/{repository.id}", *rest])
            status = 301 if request.method in BODYLESS else 307
            message = {301: "Moved Permanently", 307: "Temporary Redirect"}[status]
            raise Moved(status, message, url)
        return repository

    def _permit(self, one: Route, call: Call) -> None:
        caller = call.caller
        if one.needs == ("app",):
            if caller.app is None:
                raise Refusal(401, "A JSON web token could not be decoded")
        elif one.needs == ("installation",):
            if caller.installation is None:
                raise Refusal(403, "You must authenticate with an installation access token")
        elif one.needs == ("user",):
            if caller.user is None:
                raise Refusal(403, "Resource not accessible by integration")
        elif one.needs != ("anyone",):
            if caller.app is not None:
                raise Refusal(401, "A JSON web token may not be used here: mint a token with it")
            caller.demand(self.world, call.repository, one.needs)

    def _validate(self, one: Route, call: Call, body: Json | None) -> None:
        for name in self.description.unknown(one.operation, call.query):
            message = f'GitHub has no query parameter "{name}" here and ignores it'
            self.journal.violate(Violation(one.method, one.template, message))
        found = problems(self.description, one.operation, call, body)
        if found:
            raise Refusal(422, "Invalid request.\n\n" + "\n".join(found), violation=True)

    def _common(self, request: Request) -> dict[str, str]:
        version = request.headers.get("x-github-api-version", VERSIONS[0])
        return {
            "Server": "github.com",
            "X-GitHub-Request-Id": uuid.uuid4().hex[:20].upper(),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": version,
        }


class Seen:
    """What is known about a request by the time that it ends, well or badly."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.standing: Standing | None = None
        self.body: Json | None = None
        self.hung_up = False

    def headers(self) -> dict[str, str]:
        return self.standing.headers() if self.standing is not None else {}


class Moved(Refusal):
    """The repository has another name now."""

    def __init__(self, status: int, message: str, url: str) -> None:
        super().__init__(status, message, headers={"Location": url})
        self.url = url

    def answer(self) -> Answer:
        plain = super().answer()
        return Answer(plain.status, {"url": self.url} | plain.body, plain.headers)


def _check_headers(headers: Mapping[str, str]) -> None:
    if not headers.get("user-agent"):
        message = "Request forbidden by administrative rules. A User-Agent header is required."
        raise Refusal(403, message, violation=True)
    version = headers.get("x-github-api-version")
    if version is not None and version not in VERSIONS:
        raise Refusal(400, f"{version} is not a supported API version.", violation=True)


def _document(request: Request) -> Json | None:
    if request.method in BODYLESS or not request.body:
        return None
    try:
        document = json.loads(request.body)
        if b"\\ud" in request.body.lower():
            json.dumps(document, ensure_ascii=False).encode()  # half of a pair is no character
    except ValueError as problem:
        raise Refusal(400, "Problems parsing JSON", violation=True) from problem
    if not isinstance(document, dict):
        raise Refusal(400, "Body should be a JSON object", violation=True)
    return document


def _of_version(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """Version 2026-03-10 has taken two fields from pull requests and one from the rate limit."""
    if headers.get("x-github-api-version") != "2026-03-10":
        return answer
    documents = answer.body if isinstance(answer.body, list) else [answer.body]
    for document in documents:
        if isinstance(document, dict):
            if "mergeable_state" in document or "merge_commit_sha" in document:
                document.pop("merge_commit_sha", None)
                document.pop("assignee", None)
            if "resources" in document:
                document.pop("rate", None)
    return answer


def _told(refusal: Refusal) -> str:
    return refusal.message if not refusal.errors else f"{refusal.message}: {refusal.errors}"
