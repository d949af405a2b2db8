"""GitHub: whether it can be reached, knows us, grants what is needed, and reaches us."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime

from dishwasher.cli.checkup import grants, webhook
from dishwasher.cli.checkup.finding import Finding, fail, note, ok, split, warn
from dishwasher.cli.checkup.line import AREA, HERE, App, Line, Remedies
from dishwasher.errors import Fault, InfraError, UserError
from dishwasher.github import answer as answers
from dishwasher.github.answer import Answer, read
from dishwasher.github.client import Call
from dishwasher.wiring.settings import Settings

SKEW, DRIFT = 30.0, 300.0
"""Seconds between the clocks that are worth a word, and beyond which GitHub refuses our JWT: it
says to stay 60 s below now, and allows ten minutes in all."""
LATER = "try again in a while; see https://www.githubstatus.com"


def look(
    settings: Settings,
    environment: Mapping[str, str],
    now: Callable[[], float] = time.time,
    remedies: Remedies = HERE,
) -> Iterator[Finding]:
    try:
        line = Line(settings, now, remedies)
    except UserError as error:
        yield fail(AREA, "key", *split(str(error)))
        return
    try:
        yield from _look(line, environment)
    finally:
        line.close()


def _look(line: Line, environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        answer = line.send(Call("GET", App.PATH))
    except InfraError:
        yield _unreachable(line, environment)
        return
    yield _skew(line, answer)
    if answers.fault(answer, App.PATH, once=False) is not None:
        yield _stranger(line, answer)
        return
    try:
        data = answers.value(answer, App.PATH, once=False)
        app = read(App, data, App.PATH)
        yield ok(AREA, "App", f"{app.slug} ({app.id}) of {app.owner.login}")
        yield from grants.permissions(line, app, data)
        yield from webhook.look(line, app)
        yield from grants.installations(line, app)
    except Fault as fault:
        yield fail(AREA, "answers", str(fault), LATER)


def _unreachable(line: Line, environment: Mapping[str, str]) -> Finding:
    url = line.settings.api_url
    proxies = [n for n in ("HTTPS_PROXY", "https_proxy") if environment.get(n)]
    through = f" through the proxy of {proxies[0]}" if proxies else ""
    todo = (
        "allow this machine to reach it; behind a proxy set HTTPS_PROXY, and REQUESTS_CA_BUNDLE "
        "to the proxy's certificate"
    )
    return fail(AREA, "network", f"{url} can not be reached{through}", todo)


def _skew(line: Line, answer: Answer) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return note(AREA, "clock", "GitHub's answer has no date to compare with")
    ahead = line.now() - theirs
    if abs(ahead) < SKEW:
        return ok(AREA, "clock", "agrees with GitHub's")
    way = "ahead of" if ahead > 0 else "behind"
    text = f"this machine's clock is {abs(ahead):.0f} s {way} GitHub's"
    todo = "set the clock, and keep it: timedatectl set-ntp true"
    return (fail if abs(ahead) > DRIFT else warn)(AREA, "clock", text, todo)


def _stranger(line: Line, answer: Answer) -> Finding:
    """Why GitHub does not take us for the App."""
    said, settings = answers.message(answer), line.settings
    if answer.status != 401:
        return fail(AREA, "App", f"GitHub answered {answer.status}: {said[:200]}", LATER)
    if "not found" in said.lower():
        text = f"no App has the id {settings.app_id} on {settings.url}"
        todo = line.remedies.id
    elif "'exp'" in said or "'iat'" in said or "Expiration time" in said or "Issued at" in said:
        text, todo = f"GitHub says: {said}", "set this machine's clock"
    else:
        text = f"the private key is not one of the App {settings.app_id}"
        todo = line.remedies.key
    return fail(AREA, "App", text, todo)
