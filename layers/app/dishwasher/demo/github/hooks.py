"""Webhook deliveries: signed, sent by a small pool, never retried, kept in a log."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from dishwasher.demo.github.accounts import App
from dishwasher.demo.github.clock import Clock

__all__ = ["Delivery", "Hooks"]

# https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks
TIMEOUT_SECONDS = 10
# https://docs.github.com/webhooks/webhook-events-and-payloads: bigger events are not sent at all.
MAX_PAYLOAD_BYTES = 25 * 1024 * 1024
# https://docs.github.com/rest/apps/webhooks: redelivery is possible for three days.
KEPT_SECONDS = 3 * 24 * 3600
WORKERS = 8


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to hand an event to an app. `status` is GitHub's word: OK or what went wrong."""

    id: int
    guid: str
    app_id: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    payload: Mapping[str, Any]
    created_at: float
    redelivery: bool = False
    status: str = "pending"
    status_code: int = 0
    duration: float = 0.0
    delivered_at: float | None = None
    request_headers: Mapping[str, str] | None = None
    response_headers: Mapping[str, str] | None = None
    response_body: str = ""

    @property
    def done(self) -> bool:
        return self.delivered_at is not None


class Hooks:
    """Sends deliveries as they come, or as a test wants them: held, dropped, doubled, reordered."""

    def __init__(self, clock: Clock, changed: Callable[[], None], workers: int = WORKERS) -> None:
        self._clock = clock
        self._changed = changed
        self._workers = workers
        self._queue: queue.SimpleQueue[tuple[App, Delivery, bytes] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._log: dict[int, Delivery] = {}
        self._held: list[tuple[App, Delivery]] | None = None
        self._rules: list[tuple[str, str, int]] = []  # (what to do, event, times left)
        self._closed = False

    def log(self) -> list[Delivery]:
        """Every delivery, oldest first."""
        with self._lock:
            return list(self._log.values())

    def get(self, id_: int) -> Delivery | None:
        with self._lock:
            return self._log.get(id_)

    def idle(self) -> bool:
        """Whether nothing is held or on its way."""
        with self._lock:
            return not self._held and all(delivery.done for delivery in self._log.values())

    def hold(self) -> None:
        """Keep deliveries back until `release`."""
        with self._lock:
            self._held = self._held or []

    def release(self, order: str = "kept", seed: int = 0) -> int:
        """Send what was held: in the order `kept`, `reversed` or `shuffled`; answer how many."""
        with self._lock:
            held, self._held = self._held or [], None
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(held)
        elif order != "kept":
            raise ValueError(f"order is kept, reversed or shuffled, not {order!r}")
        for app, delivery in held:
            self._enqueue(app, delivery)
        return len(held)

    def drop(self, event: str = "*", times: int = 1) -> None:
        """Lose the next deliveries of an event on the way: the log shows them as failed."""
        with self._lock:
            self._rules.append(("drop", event, times))

    def duplicate(self, event: str = "*", times: int = 1) -> None:
        """Send the next deliveries of an event twice, with the same GUID."""
        with self._lock:
            self._rules.append(("duplicate", event, times))

    def send(self, app: App, delivery: Delivery) -> None:
        with self._lock:
            rule = self._rule(delivery.event)
            self._log[delivery.id] = delivery
            if rule == "drop":
                lost = replace(delivery, status="Failed to connect", delivered_at=self._clock.now())
                self._log[delivery.id] = lost
                return
            copies = 2 if rule == "duplicate" else 1
            if self._held is not None:
                self._held.extend([(app, delivery)] * copies)
                return
        for _ in range(copies):
            self._enqueue(app, delivery)

    def redeliver(self, app: App, delivery: Delivery, id_: int) -> Delivery:
        """The same event again under its own GUID, as a delivery of its own."""
        again = replace(
            delivery,
            id=id_,
            redelivery=True,
            created_at=self._clock.now(),
            status="pending",
            status_code=0,
            delivered_at=None,
        )
        self.send(app, again)
        return again

    def close(self) -> None:
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        for _ in threads:
            self._queue.put(None)
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)

    def _rule(self, event: str) -> str | None:
        for at, (what, wanted, left) in enumerate(self._rules):
            if wanted in ("*", event):
                self._rules[at : at + 1] = [(what, wanted, left - 1)] if left > 1 else []
                return what
        return None

    def _enqueue(self, app: App, delivery: Delivery) -> None:
        body = json.dumps(delivery.payload, separators=(",", ":")).encode()
        with self._lock:
            if self._closed:
                return
            if len(self._threads) < self._workers:
                thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._queue.put((app, delivery, body))

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            app, delivery, body = item
            done = attempt(app, delivery, body, self._clock)
            with self._lock:
                self._log[delivery.id] = done
            self._changed()


def attempt(app: App, delivery: Delivery, body: bytes, clock: Clock) -> Delivery:
    """POST once and tell how it went; a body over 25 MB is not sent."""
    headers = signed_headers(app, delivery, body)
    if len(body) > MAX_PAYLOAD_BYTES:
        return replace(delivery, status="Payload too large", delivered_at=clock.now())
    started = time.monotonic()
    code, status, answer, answer_headers = 0, "OK", "", {}
    address = urlsplit(app.webhook_url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", address.path or "/", body=body, headers=headers)
        response = connection.getresponse()
        answer = response.read().decode("utf-8", "replace")
        code, answer_headers = response.status, dict(response.getheaders())
        status = "OK" if 200 <= code < 300 else f"Invalid HTTP Response: {code}"
    except TimeoutError:
        status = "timed out"
    except (OSError, http.client.HTTPException) as problem:
        status = f"Failed to connect to host: {problem}"
    finally:
        connection.close()
    return replace(
        delivery,
        status=status,
        status_code=code,
        duration=round(time.monotonic() - started, 3),
        delivered_at=clock.now(),
        request_headers=headers,
        response_headers=answer_headers,
        response_body=answer,
    )


def signed_headers(app: App, delivery: Delivery, body: bytes) -> dict[str, str]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers"""
    secret = app.webhook_secret.encode()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5d1c3f4",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(app.hook_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
    }
