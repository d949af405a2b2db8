"""What stands between the functions on the local AWS does as AWS says."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dishwasher.core.bill import told
from dishwasher.demo.github import StandIn, comments

from tests.aws_local.absent import without
from tests.aws_local.checks import differences, shown
from tests.aws_local.function import Outcome
from tests.aws_local.gateway import Gateway
from tests.aws_local.poller import Poller, failed
from tests.aws_local.stack import Route, Source
from tests.aws_local.weather import Fate, Weather

ALL = ["1", "2"]


def outcome(payload: Any, error: str = "") -> Outcome:
    return Outcome(payload, error, 0.0, False)


@pytest.mark.parametrize(
    ("payload", "back"),
    [
        (None, []),
        ({"batchItemFailures": []}, []),
        ({"batchItemFailures": [{"itemIdentifier": "2"}]}, ["2"]),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, ALL),
        ({"batchItemFailures": [{"itemIdentifier": "another"}]}, ALL),
        ({"batchItemFailures": [{"wrong": "1"}]}, ALL),
    ],
)
def test_messages_that_failed_come_back(payload: Any, back: list[str]) -> None:
    assert failed(outcome(payload), ALL) == frozenset(back)


def test_all_of_them_come_back_where_the_function_failed() -> None:
    assert failed(outcome({"batchItemFailures": []}, "Runtime.ExitError"), ALL) == frozenset(ALL)


@contextmanager
def opened(said: dict[str, Any], error: str = "") -> Iterator[tuple[str, list[Any]]]:
    gateway, asked = Gateway(), list[Any]()

    def invoke(function: str, payload: bytes) -> Outcome:
        asked.append((function, json.loads(payload)))
        return outcome(said, error)

    routes = (Route("GET", "/{page+}", "Pages"), Route("PUT", "/jobs/{id}/log", "Tickets"))
    gateway.open(routes, invoke)
    try:
        yield gateway.url, asked
    finally:
        gateway.close()


def test_a_request_becomes_an_event_and_its_answer_a_response() -> None:
    said = {"statusCode": 201, "headers": {"x-a": "1"}, "cookies": ["c=2"], "body": "hello"}
    with opened(said) as (url, asked):
        request = urllib.request.Request(f"{url}/a/b%20c?d=e", headers={"Cookie": "f=g; h=i"})
        with urllib.request.urlopen(request) as answer:
            assert (answer.status, answer.headers["x-a"], answer.read()) == (201, "1", b"hello")
            assert answer.headers["set-cookie"] == "c=2"
    ((function, event),) = asked
    assert (function, event["routeKey"]) == ("Pages", "GET /{page+}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/a/b c", "d=e")
    assert event["cookies"] == ["f=g", "h=i"]
    assert event["isBase64Encoded"] is False


def test_bytes_are_handed_over_as_base64() -> None:
    with opened({"statusCode": 200}) as (url, asked):
        headers = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{url}/jobs/7/log", b"\xff", headers, method="PUT")
        urllib.request.urlopen(request).close()
    ((function, event),) = asked
    assert (function, event["pathParameters"]) == ("Tickets", {"id": "7"})
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


@pytest.mark.parametrize(
    ("method", "error", "status"), [("DELETE", "", 404), ("GET", "Runtime.ExitError", 500)]
)
def test_what_has_no_route_or_fails_is_answered_by_the_gateway(
    method: str, error: str, status: int
) -> None:
    with opened({"errorType": error}, error) as (url, _):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(f"{url}/x", method=method))
        with caught.value:
            assert caught.value.code == status


def test_only_what_differs_is_told() -> None:
    one = {"lint": {"title": "Passed", "name": "lint"}, "tests": {}}
    other = {"lint": {"title": "Failed", "name": "lint"}, "docs": {}}
    docs, tests, lint = differences(one, other)
    assert (docs, tests) == ("docs: only there", "tests: only here")
    assert lint.startswith("lint: title: ") and "Passed" in lint and "Failed" in lint


@pytest.mark.parametrize("before", ["Why.\n\nTook 12 s of a runner", "Why.\n\n"])
def test_what_a_runner_costs_is_no_difference(tmp_path: Path, before: str) -> None:
    bills = told(0.0083, 0.0), told(0.0083, 0.03), ""
    seen = []
    for number, bill in enumerate(bills):
        facts = ". ".join(filter(None, (before.partition("\n\n")[2], bill)))
        text = f"Why.\n\n{facts}." if facts else "Why."
        with StandIn(tmp_path / str(number)) as github:
            repository = github.add_repo("acme/site", {"a": "b"}, private=False)
            repository.commit({"a": "c"}, branch="topic")
            pull = repository.open_pull("topic")
            with github.world.lock:
                comments.add(github.world, repository.row, pull, text, pull.user_id, None)
            seen.append(shown(github))
    assert seen[0] == seen[1] == seen[2]


def test_who_wrote_first_is_no_difference(tmp_path: Path) -> None:
    told = []
    for ours_first in (True, False):
        with StandIn(tmp_path / str(ours_first)) as github:
            ours = github.add_app().id
            repository = github.add_repo("acme/site", {"a": "b"}, private=False)
            repository.commit({"a": "c"}, branch="topic")
            pull = repository.open_pull("topic")
            with github.world.lock:
                for app in (ours, None) if ours_first else (None, ours):
                    body = "of the App" if app else "of a person"
                    comments.add(github.world, repository.row, pull, body, pull.user_id, app)
            told.append(shown(github))
    assert list(differences(*told)) == []
    assert told[0]["#1, our comment 1"] == {"body": "of the App"}


class Mailbox:
    """A queue with one message, as a poller sees it; ends the poller once it has been heard."""

    def __init__(self) -> None:
        self.waiting = ["a"]
        self.calls: list[str] = []
        self.empty = threading.Event()

    def receive_message(self, **_: object) -> dict[str, object]:
        if not self.waiting:
            self.empty.set()
            return {}
        body = self.waiting.pop(0)
        id = f"{body}{len(self.calls)}"
        return {
            "Messages": [{"MessageId": id, "ReceiptHandle": id, "Body": body, "MD5OfBody": "x"}]
        }

    def send_message(self, **words: str) -> None:
        self.calls.append("send")
        self.waiting.append(words["MessageBody"])

    def change_message_visibility(self, **words: Any) -> None:
        self.calls.append(f"later {words['VisibilityTimeout']}")

    def delete_message(self, **_: object) -> None:
        self.calls.append("delete")


class Forecast(Weather):
    """Each fate in turn, then none."""

    def __init__(self, *fates: Fate) -> None:
        super().__init__({}, longest=1)
        self._fates = list(fates)

    def fate(self) -> Fate:
        return self._fates.pop(0) if self._fates else Fate.WELL


@pytest.mark.parametrize(
    ("fate", "calls", "heard"),
    [
        (Fate.WELL, ["delete"], 1),
        (Fate.TWICE, ["send", "delete", "delete"], 2),
        (Fate.LATE, ["later 1"], 0),
        (Fate.LOST, ["delete"], 0),
    ],
)
def test_a_message_has_its_fate(fate: Fate, calls: list[str], heard: int) -> None:
    pytest.importorskip("botocore", reason="needs botocore")
    box, invoked = Mailbox(), list[bytes]()

    def invoke(payload: bytes) -> Outcome:
        invoked.append(payload)
        return outcome(None)

    poller = Poller(Source("q", "Plan", 1, 1), box, invoke, 1, Forecast(fate))
    poller.start()
    assert box.empty.wait(30)
    poller.stop()
    poller.join()
    assert (box.calls, len(invoked)) == (calls, heard)


def test_the_same_seed_makes_the_same_weather() -> None:
    chances = {Fate.TWICE: 0.3, Fate.LOST: 0.3}
    one, other = (Weather(chances, seed=7) for _ in range(2))
    fates = [one.fate() for _ in range(100)]
    assert [other.fate() for _ in range(100)] == fates
    assert set(fates) == {Fate.TWICE, Fate.LOST, Fate.WELL}
    one.clear()
    assert {one.fate() for _ in range(100)} == {Fate.WELL}


def test_what_no_condition_asks_for_is_not_there() -> None:
    written = {
        "Parameters": {"Image": {"Default": ""}},
        "Conditions": {"Own": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Image"}, ""]}]}},
        "Resources": {
            "Run": {"Image": {"Ref": "Other"}, "May": {"Fn::GetAtt": ["Other", "Arn"]}},
            "Other": {"Condition": "Own"},
        },
    }
    text = json.dumps(written)
    found = without(json.loads(text), {})["Resources"]
    assert found == {"Run": {"Image": "", "May": ""}}
    asked = without(json.loads(text), {"Image": "mine"})["Resources"]
    assert asked.keys() == {"Run", "Other"}
    assert asked["Run"]["Image"] == {"Ref": "Other"}
