"""The webhook: where GitHub sends what happens, and whether it arrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from dishwasher.cli.checkup.finding import Finding, fail, note, ok, warn
from dishwasher.cli.checkup.line import AREA, SECONDS, App, Line
from dishwasher.github.answer import read
from dishwasher.github.auth import parse_time

HOOK = "/app/hook/config"
LOG = "/app/hook/deliveries"
DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Hook:
    url: str = ""
    content_type: str = ""
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class _Delivery:
    delivered_at: str
    status: str
    status_code: int


def look(line: Line, app: App) -> Iterator[Finding]:
    yield from _hook(line, app)
    if line.settings.public_url:
        yield _server(line.settings.public_url, line.remedies.server)
    yield from _deliveries(line, app)


def _hook(line: Line, app: App) -> Iterator[Finding]:
    data = line.get(HOOK)
    hook = read(_Hook, data, HOOK)
    public = line.settings.public_url
    page = line.page(app)
    if not hook.url:
        todo = line.remedies.webhook.format(url=public or "https://where.this.server.is")
        yield fail(AREA, "webhook", "the App has no webhook", todo)
    elif not public:
        yield warn(
            AREA,
            "webhook",
            f"GitHub sends to {hook.url}, and DISHWASHER_PUBLIC_URL is not set",
            f"set DISHWASHER_PUBLIC_URL={hook.url.removesuffix('/webhook')}",
        )
    elif hook.url != f"{public}/webhook":
        text = f"GitHub sends to {hook.url}, and we are at {public}"
        yield fail(AREA, "webhook", text, line.remedies.webhook.format(url=public))
    else:
        yield ok(AREA, "webhook", hook.url)
    if hook.content_type not in ("", "json"):
        todo = f"choose application/json at {page}"
        yield fail(AREA, "webhook", f"it sends {hook.content_type}", todo)
    if hook.url and not hook.secret:
        yield fail(AREA, "webhook", "it has no secret", f"set the same one at {page} and here")
    # A number or a text, says GitHub's description.
    if str(data.get("insecure_ssl", "0")) == "1":
        text = "GitHub does not check our certificate"
        yield warn(AREA, "webhook", text, f"turn SSL verification on at {page}")


def _server(public: str, todo: str) -> Finding:
    """Whether our own address answers; a look from here can not see what GitHub sees."""
    host = urlsplit(public).hostname or ""
    try:
        with urlopen(f"{public}/healthz", timeout=SECONDS) as answer:
            if b'"ready"' in answer.read(1000):
                return ok(AREA, "server", f"{public} answers")
        said = "something else than Dishwasher answers"
    except HTTPError as error:
        with error:
            said = f"it answers {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = str(getattr(reason, "strerror", None) or reason)
    text = f"{public}/healthz from here: {said}"
    return warn(AREA, "server", text, todo.format(host=host))


def _deliveries(line: Line, app: App) -> Iterator[Finding]:
    log = read(tuple[_Delivery, ...], line.get(LOG, per_page=100), LOG)
    since = line.now() - DAY
    recent = [one for one in log if parse_time(one.delivered_at) >= since]
    if not recent:
        yield note(AREA, "deliveries", "none in 24 hours", "push a commit and look again")
        return
    lost = [one for one in recent if not 200 <= one.status_code < 300]
    text = f"{len(recent) - len(lost)} of the last {len(recent)} arrived"
    if not lost:
        yield ok(AREA, "deliveries", text)
        return
    reasons = Counter(one.status for one in lost)
    told = ", ".join(f"{count} × {status}" for status, count in reasons.most_common(3))
    # The newest comes first.
    working = recent[0] not in lost
    if any(one.status_code == 401 for one in lost) and not working:
        todo = f"the webhook secret differs: set the same one at {line.page(app)} and here"
    elif working:
        todo = "the server asks for them again by itself; it seems to be reachable now"
    else:
        todo = f"see {line.page(app)}/advanced; the address must be open to GitHub's hosts"
    yield (warn if working else fail)(AREA, "deliveries", f"{text}: {told}", todo)
