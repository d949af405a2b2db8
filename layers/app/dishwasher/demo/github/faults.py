"""Faults on demand: what goes wrong, with which requests, how often."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from dishwasher.demo.github.answer import Answer, Refusal
from dishwasher.demo.github.wire import HangUp

__all__ = ["Fault", "Faults", "Kind"]

UNICORN = b"<!DOCTYPE html><html><head><title>Unicorn! &middot; GitHub</title></head></html>"
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


class Kind(StrEnum):
    """`before`: nothing has happened. `after`: it has, and the answer is lost."""

    primary = "403-primary"
    secondary = "403-secondary"
    too_many = "429"
    unauthorized = "401"
    forbidden = "403"
    invalid = "422"
    bad_gateway_before = "502-before"
    bad_gateway_after = "502-after"
    timeout_before = "timeout-before"
    timeout_after = "timeout-after"
    html = "html-502"
    broken_json = "broken-json"
    empty = "empty"
    stale = "stale"
    delay = "delay"


AFTER = frozenset({Kind.bad_gateway_after, Kind.timeout_after, Kind.broken_json, Kind.empty})


@dataclass(frozen=True, slots=True)
class Fault:
    """Requests that match `method` and the `path` glob suffer `kind`, `times` times.

    `seconds` is how stale, how late, or how long to wait for; `after` lets that many pass first.
    """

    kind: Kind
    path: str = "*"
    method: str = "*"
    times: int = 1
    seconds: float = 60.0
    after: int = 0

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> Fault:
        """From JSON, with the same names; an unknown name or kind is an error."""
        unknown = document.keys() - {"kind", "path", "method", "times", "seconds", "after"}
        if unknown or "kind" not in document:
            raise ValueError(f"a fault has kind, path, method, times, seconds, after: {document}")
        return cls(
            kind=Kind(str(document["kind"])),
            path=str(document.get("path", "*")),
            method=str(document.get("method", "*")),
            times=int(str(document.get("times", 1))),
            seconds=float(str(document.get("seconds", 60))),
            after=int(str(document.get("after", 0))),
        )

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The rules in force, first match first."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._rules.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def left(self) -> int:
        """How many faults have yet to happen."""
        with self._lock:
            return sum(rule.times for rule in self._rules)

    def take(self, method: str, path: str) -> Fault | None:
        if not self._rules:
            return None
        with self._lock:
            for at, rule in enumerate(self._rules):
                if not rule.matches(method, path):
                    continue
                if rule.after > 0:
                    self._rules[at] = replace(rule, after=rule.after - 1)
                    return None
                used = replace(rule, times=rule.times - 1)
                self._rules[at : at + 1] = [used] if used.times > 0 else []
                return rule
        return None


def before(fault: Fault | None, now: float) -> Answer | None:
    """What happens instead of the request; None to go on."""
    if fault is None or fault.kind in AFTER or fault.kind is Kind.stale:
        return None
    retry = {"Retry-After": str(int(fault.seconds))}
    match fault.kind:
        case Kind.delay:
            time.sleep(fault.seconds)
            return None
        case Kind.timeout_before:
            raise HangUp
        case Kind.primary:
            headers = {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(int(now + fault.seconds)),
            }
            return Refusal(
                403, "API rate limit exceeded for installation.", headers=headers
            ).answer()
        case Kind.secondary:
            return Refusal(403, SECONDARY, headers=retry).answer()
        case Kind.too_many:
            return Refusal(429, SECONDARY, headers=retry).answer()
        case Kind.unauthorized:
            return Refusal(401, "Bad credentials").answer()
        case Kind.forbidden:
            return Refusal(403, "Resource not accessible by integration").answer()
        case Kind.invalid:
            return Refusal(422, "Validation Failed").answer()
        case Kind.html:
            return Answer(502, UNICORN, {"Content-Type": "text/html; charset=utf-8"})
    return Refusal(502, "Server Error").answer()


def after(fault: Fault | None, answer: Answer) -> Answer:
    """What becomes of the answer of a request that has had its effect."""
    if fault is None or fault.kind not in AFTER:
        return answer
    if fault.kind is Kind.timeout_after:
        raise HangUp
    if fault.kind is Kind.broken_json:
        whole = json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        return Answer(answer.status, whole[: max(1, len(whole) // 2)], headers)
    if fault.kind is Kind.empty:
        return Answer(answer.status, None, answer.headers)
    return Refusal(502, "Server Error").answer()
