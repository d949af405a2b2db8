"""The App manifest asks for exactly what the code calls and listens to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dishwasher.core.command import Reaction
from dishwasher.core.deployment import Deployment
from dishwasher.core.deployment import Stage as Phase
from dishwasher.core.payload import READERS
from dishwasher.core.session import Person
from dishwasher.demo.github import api
from dishwasher.demo.github.registering import ALWAYS, NEEDS
from dishwasher.demo.github.routes import ROUTES, find
from dishwasher.errors import Ambiguous, Gone, InfraError, UserError
from dishwasher.github import GithubComments, GithubDeployments, manifest
from dishwasher.github.auth import PERMISSIONS, Purpose, purpose_of
from dishwasher.github.heads import GithubHeads
from dishwasher.github.members import GithubMembers
from dishwasher.github.pulls import GithubPulls

from tests.github.conftest import Stage, check
from tests.github.raw import HangUp, RawServer, Say

ROOT = Path(__file__).parents[2]
LEVELS = ("read", "write")


def highest(*granted: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in granted:
        for name, level in one.items():
            found[name] = max(found.get(name, "read"), level, key=LEVELS.index)
    return found


def test_it_asks_for_what_the_tokens_and_the_events_need_and_for_nothing_else() -> None:
    asked = manifest.asked()
    events = {NEEDS[event]: "read" for event in asked.events}
    assert asked.permissions == highest(*PERMISSIONS.values(), events)


def test_it_hears_exactly_what_is_listened_to() -> None:
    assert set(manifest.asked().events) == READERS.keys() - ALWAYS


def test_each_call_may_be_made_with_the_token_that_it_gets() -> None:
    """By what GitHub wants for it, which the stand-in GitHub enforces."""
    api.load()
    below = "/repos/{owner}/{repo}/"
    checked = set()
    for route in ROUTES:
        if not route.template.startswith(below) or ":" not in route.needs[0]:
            continue
        purpose = purpose_of(route.template.removeprefix(below[:-1]))
        granted = PERMISSIONS[purpose]
        if route.method == "GET" or purpose is not Purpose.READ:
            wanted = [need.split(":") for need in route.needs]
            assert any(
                name in granted and LEVELS.index(granted[name]) >= LEVELS.index(level)
                for name, level in wanted
            ), f"{route.operation} needs {route.needs}, and the {purpose} token has {granted}"
            checked.add(purpose)
    assert checked == {Purpose.READ, Purpose.REPORT, Purpose.DEPLOY}


def every_call(stage: Stage) -> None:
    """Each call of the adapters that goes below a repository, once."""
    there, app, repo = stage.repository, stage.app, stage.repo
    first, sha = repo.head(), repo.commit({"a.txt": "1"}, branch="topic")
    number = repo.open_pull("topic").number
    asked = repo.comment(number, "/help").id
    source, pulls = stage.source, GithubPulls(app)
    source.file(there, "a.txt", sha), source.files(there, sha), source.compare(there, first, sha)
    source.branch_sha(there, "topic"), GithubHeads(app).of(there)
    pulls.pull_request(there, number), pulls.open_from(there, "topic")
    pulls.merge_sha(there, number), pulls.commit_of(there, sha)
    GithubMembers(app).may_write(there, Person(1, "octo"))
    run = stage.checks.create(there, check(sha))
    stage.checks.update(there, run, check(sha)), stage.checks.list(there, sha)
    stage.checks.annotated(there, run), stage.checks.added(there, first, sha)
    talk = GithubComments(app)
    talk.conversation(there, number), talk.comments(there, number)
    made = talk.comment(there, number, "Hello.")
    talk.edit(there, made, "Bye."), talk.withdraw(there, made)
    talk.react(there, asked, Reaction.TAKEN)
    stages = GithubDeployments(app)
    wanted = Deployment("job", "live site", sha, Phase.QUEUED, "", "https://ci.example.test")
    id = stages.announce(there, wanted)
    stages.tell(there, id, wanted), stages.told(there, id), stages.announced(there, wanted)


def test_no_token_may_do_what_no_call_needs(stage: Stage) -> None:
    """Without any of its permissions some call of its purpose would be refused."""
    every_call(stage)
    needed: dict[Purpose, list[set[tuple[str, str]]]] = {purpose: [] for purpose in Purpose}
    for entry in stage.github.requests(path="/repos/octo/demo/*"):
        found = find(entry.method, entry.path)
        assert found is not None and entry.status < 300
        purpose = purpose_of(entry.path.removeprefix("/repos/octo/demo"))
        wants = (need.partition(":")[::2] for need in found[0].needs)
        needed[purpose].append({(name, level) for name, level in wants})
    # A runner's reads files by git alone.
    needed[Purpose.CLONE] = [{("contents", "read")}]
    for purpose, granted in PERMISSIONS.items():
        for name, level in granted.items():
            # GitHub gives this with every other one.
            if name == "metadata":
                continue
            less = {**granted, name: LEVELS[LEVELS.index(level) - 1] if level != "read" else ""}
            refused = [
                wants
                for wants in needed[purpose]
                if not any(suffices(less.get(one, ""), asked) for one, asked in wants)
            ]
            assert refused, f"the {purpose} token needs no {name}:{level}"


def suffices(granted: str, wanted: str) -> bool:
    return granted in LEVELS and LEVELS.index(granted) >= LEVELS.index(wanted)


def test_the_file_in_infra_is_the_one_that_is_sent() -> None:
    shown = json.loads((ROOT / "infra/app-manifest.json").read_text("utf-8"))
    sent = json.loads(
        manifest.manifest("mine", "https://ci.example.com", "http://localhost:1/back")
    )
    assert sent.items() >= {**shown, "name": "mine"}.items()
    assert sent["hook_attributes"] == {"url": "https://ci.example.com/webhook", "active": True}
    assert sent["callback_urls"] == ["https://ci.example.com/login/callback"]


@pytest.mark.parametrize("name", ["", "x" * 35])
def test_a_name_that_github_refuses_is_told_before(name: str) -> None:
    with pytest.raises(UserError, match="--name"):
        manifest.manifest(name, "https://ci.example.com", "http://localhost:1/back")


def test_the_page_depends_on_who_shall_own_it() -> None:
    url = "https://github.com"
    assert manifest.creation_url(url, "", "a b") == f"{url}/settings/apps/new?state=a%20b"
    place = manifest.creation_url(url, "acme/../x", "s")
    assert place == f"{url}/organizations/acme%2F..%2Fx/settings/apps/new?state=s"


CONVERSION = "/app-manifests/c0de/conversions"


@pytest.mark.parametrize("status", [404, 422])
def test_a_code_that_github_does_not_know(raw: RawServer, status: int) -> None:
    raw.on("POST", CONVERSION, Say(status, {"message": "no"}))
    with pytest.raises(Gone, match="older than an hour"):
        manifest.convert(raw.url, "c0de")


@pytest.mark.parametrize("say", [Say(502, "<html>"), Say(201, {"id": 1}), HangUp])
def test_an_answer_that_is_none_does_not_tell_the_code(
    raw: RawServer, say: Say | type[HangUp]
) -> None:
    raw.on("POST", CONVERSION, say)
    with pytest.raises(InfraError) as caught:
        manifest.convert(raw.url, "c0de")
    assert "c0de" not in str(caught.value) and not isinstance(caught.value, Ambiguous)
    (asked,) = raw.requests("POST", CONVERSION)
    assert "authorization" not in asked.headers
