"""Every answer to a POST, and what of it is kept: cases 1 to 5."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from dishwasher.core.access import Right
from dishwasher.core.delivery import MAX_BODY, REPLAN_AFTER, Delivery, Stage
from dishwasher.errors import UserError
from dishwasher.flow.accept import Answer, parse, signed
from dishwasher.ports import Topic

from tests.core.test_payload import GUID, example
from tests.flow.house import SECRET, House


@pytest.fixture
def house() -> House:
    return House()


def headers(body: bytes, **changes: str | None) -> dict[str, str]:
    """GitHub's headers for this body; None leaves one out."""
    kept = {
        "x-github-delivery": GUID,
        "x-github-event": "push",
        "content-type": "application/json",
        "x-hub-signature-256": "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest(),
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in kept.items() if value is not None}


def post(house: House, payload: object = None, **changes: str | None) -> Answer:
    data = example("push", before="1" * 40) if payload is None else payload
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return house.accept(headers(body, **changes), body)


def kept(house: House) -> list[Delivery]:
    return list(house.store.all(Delivery))


def test_a_delivery_is_stored_rung_and_answered(house: House) -> None:
    assert post(house) == Answer(202, GUID)
    (delivery,) = kept(house)
    assert (delivery.id, delivery.name, delivery.stage) == (GUID, "push", Stage.RECEIVED)
    assert delivery.event is not None
    assert delivery.event.sha == "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
    assert delivery.due == house.clock.now() + REPLAN_AFTER
    assert house.rung(Topic.DELIVERIES) == [GUID]


def test_a_delivery_that_plans_nothing_is_stored_with_the_reason(house: House) -> None:
    answer = post(house, {"zen": "x"}, x_github_event="ping")
    assert answer == Answer(202, f"{GUID} ignored: ping: the webhook works")
    (delivery,) = kept(house)
    assert (delivery.stage, delivery.reason) == (Stage.IGNORED, "ping: the webhook works")
    assert (delivery.due, house.rung(Topic.DELIVERIES)) == (0.0, [])


def test_a_repeated_delivery_is_one_row_and_one_bell(house: House) -> None:
    post(house)
    house.rung(Topic.DELIVERIES)
    house.clock.advance(24 * 3600)
    assert post(house) == Answer(202, f"{GUID} is known")
    assert post(house, example("push", after="2" * 40)).text == f"{GUID} is known"
    (delivery,) = kept(house)
    assert delivery.version == 1
    assert house.rung(Topic.DELIVERIES) == []


BODY = b'{"zen": "secret words"}'


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + hmac.new(SECRET, BODY, hashlib.sha1).hexdigest(),
        hmac.new(SECRET, BODY, hashlib.sha256).hexdigest(),
        "sha256=" + hmac.new(SECRET, BODY + b" ", hashlib.sha256).hexdigest(),
        "sha256=" + hmac.new(b"other", BODY, hashlib.sha256).hexdigest(),
        "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest().upper(),
        "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest() + "é",
        "é",
        "\ud800",
    ],
)
def test_a_wrong_signature_stores_nothing_and_echoes_nothing(
    house: House, signature: str | None
) -> None:
    answer = post(house, BODY, x_hub_signature_256=signature)
    assert answer.status == 401
    assert "secret words" not in answer.text
    assert kept(house) == []


def test_githubs_own_example_of_a_signature_fits() -> None:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signed(SECRET, f"sha256={digest}", b"Hello, World!")


def test_a_body_above_githubs_limit_is_not_even_verified(house: House) -> None:
    assert post(house, b" " * (MAX_BODY + 1)).status == 413
    assert post(house, b" " * MAX_BODY).status == 400


def deep(opening: bytes, closing: bytes) -> bytes:
    return opening * 100_000 + b"1" + closing * 100_000


@pytest.mark.parametrize(
    "body",
    [
        deep(b"[", b"]"),
        deep(b'{"a":', b"}"),
        b"[" * 100_000,
        b'{"installation": {"id": ' + b"9" * 5_000 + b"}}",
        b'{"ref": 1, "ref": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": "\xff"}',
        b"\xff\xfe",
        b"payload=%7B%7D",
    ],
    ids=range(16),
)
def test_hostile_json_is_the_senders_fault(house: House, body: bytes) -> None:
    answer = post(house, body)
    assert answer.status == 400
    assert answer.text.startswith("the body is not")
    assert kept(house) == []


@pytest.mark.parametrize("way", ["installation", "repository", "ref", "after"])
def test_a_payload_that_lacks_what_is_needed_leaves_no_row(house: House, way: str) -> None:
    data: dict[str, Any] = example("push")
    del data[way]
    answer = post(house, data)
    assert (answer.status, kept(house)) == (400, [])
    assert way in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"x_github_delivery": None},
        {"x_github_delivery": "short"},
        {"x_github_delivery": "x" * 65},
        {"x_github_delivery": GUID + "\n"},
        {"x_github_delivery": "../../etc/passwd"},
        {"x_github_event": None},
        {"x_github_event": "Push!"},
        {"content_type": None},
        {"content_type": "application/x-www-form-urlencoded"},
    ],
)
def test_headers_that_github_would_not_send_are_refused(
    house: House, changes: dict[str, str | None]
) -> None:
    assert post(house, **changes).status == 400
    assert kept(house) == []


def test_the_content_type_may_name_a_charset(house: House) -> None:
    assert post(house, content_type="Application/JSON; charset=utf-8").status == 202


def test_a_row_is_small_whatever_was_sent(house: House) -> None:
    big = example("push", ref="refs/heads/" + "é" * 900) | {"commits": ["x" * 100] * 10_000}
    assert post(house, big).status == 202
    (delivery,) = kept(house)
    assert len(repr(delivery).encode()) < 8_000


def test_parse_answers_the_object() -> None:
    assert parse(b'{"a": [1, 2.5, null, true]}') == {"a": [1, 2.5, None, True]}
    with pytest.raises(UserError):
        parse(b"[1]")


def test_a_word_about_an_installation_is_stored_and_rung(house: House) -> None:
    payload = {"action": "suspend", "installation": {"id": 3}}
    assert post(house, payload, x_github_event="installation") == Answer(202, GUID)
    (delivery,) = kept(house)
    assert delivery.event is None and delivery.change is not None
    assert (delivery.change.right, delivery.stage) == (Right.SUSPENDED, Stage.RECEIVED)
    assert house.rung(Topic.DELIVERIES) == [GUID]
