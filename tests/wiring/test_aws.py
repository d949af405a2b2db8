"""Every function of the template gets its part of the house, made of what it is told."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dishwasher.errors import UserError
from dishwasher.http.message import Request
from dishwasher.ports import Topic

from tests.aws.emulator import Emulator

if TYPE_CHECKING:
    from dishwasher.wiring.aws import House

pytestmark = pytest.mark.slow
SECRET = "a webhook secret"


@pytest.fixture
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """As template.yaml tells a function."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    prefix, queues = emulator.prefix(), emulator.queues()
    for name, value in {"app-id": "1", "private-key": _key(), "webhook-secret": SECRET}.items():
        emulator.clients.ssm.put_parameter(
            Name=f"{prefix}/{name}", Value=value, Type="SecureString"
        )
    return {
        "DISHWASHER_TABLE": emulator.table(),
        "DISHWASHER_BUCKET": emulator.bucket(),
        **{f"DISHWASHER_QUEUE_{topic.upper()}": url for topic, url in queues.items()},
        "DISHWASHER_GITHUB_APP_ID": f"ssm:{prefix}/app-id",
        "DISHWASHER_GITHUB_PRIVATE_KEY": f"ssm:{prefix}/private-key",
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": f"ssm:{prefix}/webhook-secret",
        "DISHWASHER_GITHUB_URL": "http://127.0.0.1:9",
        "DISHWASHER_API_ENDPOINT": "https://api.example",
        "DISHWASHER_RUNNER": "runner",
        "DISHWASHER_RUNNER_MEMORY": "2048",
        "DISHWASHER_RUNNER_DISK": "10240",
        "DISHWASHER_BUILDER": "builder",
        "DISHWASHER_ARCHITECTURE": "arm64",
        "DISHWASHER_SECRETS": f"{prefix}/secrets",
        "DISHWASHER_PUBLIC_URL": "",
    }


@pytest.fixture
def house(environment: dict[str, str]) -> House:
    from dishwasher.wiring.aws import House

    return House(environment)


def _key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, io.BytesIO(body), len(body), headers=named)


def test_the_webhook_stores_what_github_has_signed(house: House) -> None:
    body = json.dumps({"zen": "Keep it logically awesome."}).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x_github_delivery": "a-delivery", "x_github_event": "ping"}
    headers |= {"content_type": "application/json", "x_hub_signature_256": signature}
    assert house.webhook(request("POST", "/webhook", body, **headers)).status == 202
    assert b"known" in house.webhook(request("POST", "/webhook", body, **headers)).body
    assert house.webhook(request("POST", "/webhook", body + b" ", **headers)).status == 401
    assert house.webhook(request("GET", "/elsewhere")).status == 404


def test_without_a_secret_nobody_is_let_in(environment: dict[str, str]) -> None:
    from dishwasher.wiring.aws import House

    environment["DISHWASHER_GITHUB_WEBHOOK_SECRET"] = ""
    with pytest.raises(UserError, match="nobody may be let in"):
        _ = House(environment).accept


def test_each_queue_has_a_flow_that_hears(house: House) -> None:
    for topic, flow in (
        (Topic.DELIVERIES, house.plan),
        (Topic.JOBS, house.dispatch),
        (Topic.REPORTS, house.report),
    ):
        # For what is not there, nothing is done and nothing asked.
        house.hears(topic, flow).handle("nothing-1.1")


def test_pages_and_tickets_answer(house: House) -> None:
    assert house.pages(request("GET", "/healthz")).status == 200
    assert house.pages(request("GET", "/jobs/unknown")).status == 404
    refused = house.tickets(request("POST", "/jobs/b-0.1/beat", b"{}", authorization="Bearer x"))
    assert refused.status == 403


def test_the_reaper_finds_nothing_to_do_in_an_empty_table(house: House) -> None:
    house.rounds["reap"]()
    assert set(house.rounds) == {"reap", "look"}


def test_people_and_runners_come_to_the_domain_where_there_is_one(
    environment: dict[str, str],
) -> None:
    from dishwasher.wiring.aws import House

    house = House(environment)
    assert house.url() == "https://api.example"
    house.is_reached_at("https://found.example")
    assert house.url() == "https://found.example"
    environment["DISHWASHER_PUBLIC_URL"] = "https://own.example"
    assert house.url() == "https://own.example"
