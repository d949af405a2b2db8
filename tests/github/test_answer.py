from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from dishwasher.errors import Ambiguous, Fault, Gone, InfraError, Rejected
from dishwasher.github.answer import (
    Answer,
    Limit,
    Missing,
    Redirected,
    Unauthorized,
    fault,
    limit,
    quota,
    read,
    value,
)
from dishwasher.github.limiter import Quota

NOW = 1_750_000_000.0
PERMISSION = "Resource not accessible by integration"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try."


def answer(status: int, message: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, named, json.dumps({"message": message}))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (304, InfraError),
        (301, Redirected),
        (307, Redirected),
        (400, Rejected),
        (401, Unauthorized),
        (403, Gone),
        (404, Missing),
        (409, Rejected),
        (410, Gone),
        (422, Rejected),
        (451, Gone),
        (500, InfraError),
        (502, InfraError),
    ],
)
def test_each_status_is_somebodys_fault(status: int, kind: type[Fault]) -> None:
    found = fault(answer(status, PERMISSION), "GET /x", once=False)
    assert type(found) is kind
    assert str(status) in str(found) and PERMISSION in str(found)


def test_success_is_nobodys_fault() -> None:
    assert fault(answer(201), "POST /x", once=True) is None


def test_a_broken_server_leaves_the_effect_open_where_it_matters() -> None:
    assert isinstance(fault(answer(502), "POST /x", once=True), Ambiguous)
    # What was refused had no effect, repeatable or not.
    assert isinstance(fault(answer(422), "POST /x", once=True), Rejected)


def test_the_fault_names_each_error_that_github_lists() -> None:
    body = {"message": "Validation Failed", "errors": [{"field": "annotations"}]}
    found = fault(Answer(422, {}, json.dumps(body)), "POST /x", once=True)
    assert "Validation Failed" in str(found) and "annotations" in str(found)


@pytest.mark.parametrize("body", ["<html>Unicorn!</html>", "", "{", "[]", "[" * 100_000, "null"])
def test_a_body_that_is_no_error_document_is_quoted_briefly(body: str) -> None:
    found = fault(Answer(502, {}, body), "GET /x", once=False)
    assert isinstance(found, InfraError) and len(str(found)) < 200


@pytest.mark.parametrize("status", [403, 429])
def test_limits_say_when_to_come_back(status: int) -> None:
    primary = answer(status, x_ratelimit_remaining="0", x_ratelimit_reset="1750003000")
    assert limit(primary, NOW) == Limit(1_750_003_000.0)
    secondary = answer(status, SECONDARY, retry_after="30", x_ratelimit_remaining="0")
    assert limit(secondary, NOW) == Limit(NOW + 30)
    assert limit(answer(status, SECONDARY), NOW) == Limit(None)
    date = answer(status, SECONDARY, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    assert limit(date, NOW) == Limit(None)


def test_a_missing_permission_is_no_limit_but_429_always_is() -> None:
    assert limit(answer(403, PERMISSION, x_ratelimit_remaining="4000"), NOW) is None
    assert limit(answer(403, "This installation has been suspended"), NOW) is None
    assert limit(answer(429, "whatever"), NOW) == Limit(None)
    assert limit(answer(404, SECONDARY, retry_after="3"), NOW) is None


def test_the_quota_is_read_where_all_of_it_is_told_and_is_ours() -> None:
    told = {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "12", "x_ratelimit_reset": "17"}
    assert quota(answer(200, **told)) == Quota(12, 5000, 17)
    assert quota(answer(200, **told, x_ratelimit_resource="core")) == Quota(12, 5000, 17)
    assert quota(answer(200, **told, x_ratelimit_resource="search")) is None
    assert quota(answer(200, **(told | {"x_ratelimit_reset": "soon"}))) is None
    assert quota(answer(200)) is None


@pytest.mark.parametrize("body", ["", "{", '{"id": ', "[" * 100_000])
def test_a_success_that_can_not_be_read_was_still_one(body: str) -> None:
    with pytest.raises(InfraError) as caught:
        value(Answer(201, {}, body), "POST /x", once=False)
    assert not isinstance(caught.value, Ambiguous)
    with pytest.raises(Ambiguous):
        value(Answer(201, {}, body), "POST /x", once=True)


@dataclass(frozen=True, slots=True)
class Thing:
    id: int


@pytest.mark.parametrize("data", [None, [], {}, {"id": "7"}, {"id": None}, {"data": "<html>"}])
def test_json_of_another_shape_is_githubs_fault(data: object) -> None:
    with pytest.raises(InfraError, match="can not be read"):
        read(Thing, data, "GET /x")
    with pytest.raises(Ambiguous):
        read(Thing, data, "POST /x", once=True)


def test_what_is_not_asked_for_is_ignored() -> None:
    assert read(Thing, {"id": 7, "new": [1]}, "GET /x") == Thing(7)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"date": "Sun, 15 Jun 2025 12:00:00 GMT"}, 1_749_988_800.0),
        ({"date": "noon"}, None),
        ({"date": "Sun, 99 Jun 2025 12:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_refusal_tells_the_time_where_github_does(said: dict[str, str], at: float | None) -> None:
    refused = fault(Answer(401, said, "{}"), "GET /app", once=False)
    assert isinstance(refused, Unauthorized) and refused.at == at
