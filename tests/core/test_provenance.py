"""What jobs are told of their build, whatever their format calls it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.event import NO_COMMIT, Event, EventKind
from dishwasher.core.facts import SERVER
from dishwasher.core.provenance import FIRST_NUMBER_AT, facts, number

from tests.fakes.clock import NOON
from tests.samples import BASE_SHA, SHA, build, job, pull_request, push

SITE = "https://github.com/acme/site"


def known(event: Event, request: int = 0) -> dict[str, str]:
    made = build(job(), event=event, pull_request=request)
    return dict(facts(made, job(attempt=2), page="https://ci/1", repository_url=SITE, now=12.3456))


def from_fork() -> Event:
    event = pull_request(action="opened")
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, head_repository=99))


def test_a_push_is_known_by_branch_and_commits() -> None:
    assert known(push(sender_id=4)) == {
        "attempt": "2",
        "base_sha": BASE_SHA,
        "before": BASE_SHA,
        "branch": "main",
        "build": "build",
        "build_number": str(number(NOON)),
        "build_url": "https://ci/1",
        "compare_url": f"{SITE}/compare/{BASE_SHA[:12]}...{SHA[:12]}",
        "config_path": ".dishwasher.yml",
        "event": "push",
        "job": "tests",
        "job_id": "build-0",
        "owner": "acme",
        "ref": "refs/heads/main",
        "repository": "acme/site",
        "repository_name": "site",
        "repository_url": SITE,
        "sender": "ann",
        "sender_id": "4",
        "sha": SHA,
        "source_version": SHA,
        "start_ms": "12345",
        "version": "branch/main",
        "webhook_event": "PUSH",
    }


@pytest.mark.parametrize("name", ["topic", "main"])
def test_a_fork_s_branch_is_not_taken_for_one_of_ours(name: str) -> None:
    told = known(replace(from_fork(), branch=name), 5)
    assert (told["branch"], told["ref"], told["version"]) == ("pull/5", "refs/heads/pull/5", "pr/5")


def test_a_fork_is_known_by_its_owner_and_name() -> None:
    event = from_fork()
    assert event.pull_request is not None
    named = replace(event, pull_request=replace(event.pull_request, head_name="bob/site-2"))
    told = known(named, 5)
    assert (told["head_owner"], told["head_repository"]) == ("bob", "site-2")
    assert known(event, 5).keys().isdisjoint({"head_owner", "head_repository"})


def test_nothing_is_told_that_a_stranger_writes_as_it_likes() -> None:
    """Titles, messages and names of branches have been run as commands elsewhere."""
    evil = "$(touch pwned)`id`"
    told = known(replace(from_fork(), branch=evil, message=evil), 5)
    assert not any("pwned" in value for value in told.values())


def test_a_tag_has_no_branch() -> None:
    told = known(push(branch="", tag="v1", before=NO_COMMIT))
    assert (told["tag"], told["ref"], told["version"]) == ("v1", "refs/tags/v1", "tag/v1")
    assert (told["event"], told["webhook_event"]) == ("tag", "PUSH")
    assert told.keys().isdisjoint({"branch", "before", "base_sha", "compare_url", "base_branch"})


@pytest.mark.parametrize(
    ("action", "called"),
    [
        ("opened", "PULL_REQUEST_CREATED"),
        ("synchronize", "PULL_REQUEST_UPDATED"),
        ("reopened", "PULL_REQUEST_REOPENED"),
        ("", None),
    ],
)
def test_a_pull_request_is_known_by_number(action: str, called: str | None) -> None:
    told = known(pull_request(action=action), 5)
    assert (told["pull_request"], told["pull_request_url"]) == ("5", f"{SITE}/pull/5")
    assert (told["version"], told["source_version"]) == ("pr/5", "pr/5")
    assert (told["base_branch"], told["base_sha"], told["branch"]) == ("main", BASE_SHA, "topic")
    assert told.get("webhook_event") == called
    assert "fork_pull_request" not in told


def test_a_push_that_a_pull_request_holds_knows_it_and_stays_a_push() -> None:
    told = known(push(branch="topic"), 5)
    assert (told["pull_request"], told["version"]) == ("5", "branch/topic")


def test_a_fork_says_that_it_is_one() -> None:
    assert known(from_fork(), 5)["fork_pull_request"] == "5"


def test_what_no_webhook_asked_for_has_no_webhook_event() -> None:
    assert "webhook_event" not in known(push(kind=EventKind.SCHEDULE))


def test_every_fact_is_one_that_a_format_may_ask_for() -> None:
    for event in (push(), push(branch="", tag="v1"), from_fork()):
        assert set(known(event, 5)) <= SERVER


def test_the_number_of_builds_rises_with_time() -> None:
    assert number(FIRST_NUMBER_AT + 1000.2) > number(FIRST_NUMBER_AT + 1000.0) > 0
    assert number(0.0) == 1
    assert number(FIRST_NUMBER_AT + 6 * 365 * 86400) < 2**31
