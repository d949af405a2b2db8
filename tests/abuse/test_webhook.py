"""Cases 1 to 6: what comes to the webhook, from GitHub and from others."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from dishwasher.demo.github import Repo

from tests.contract.race import race
from tests.e2e.world import World
from tests.github.raw import RawServer, Say

CONFIG = 'checks: {quick: "true"}\n'
DAY = 24 * 3600.0
SENDERS = 8


@pytest.fixture(scope="module")
def repo(world: World) -> Repo:
    return world.repo(CONFIG)


@pytest.fixture(scope="module")
def payload(world: World, repo: Repo) -> dict[str, Any]:
    """Of a push that GitHub could not deliver."""
    return lost_push(world, repo)


def lost_push(world: World, repo: Repo) -> dict[str, Any]:
    """The payload of a new push, which has not come to us."""
    world.github.hooks.drop("push")
    repo.commit({"lost.txt": uuid.uuid4().hex}, branch="topic")
    return dict(world.github.deliveries("push")[-1].payload)


def guid() -> str:
    return str(uuid.uuid4())


def is_kept(world: World, id: str) -> bool:
    return id in {row["id"] for row in world.table.rows("delivery")}


def mac(world: World, body: bytes, method: str = "sha256") -> str:
    secret = world.app.webhook_secret.encode()
    return f"{method}=" + hmac.new(secret, body, method).hexdigest()


@pytest.mark.parametrize("forgery", ["none", "wrong", "sha1", "another body", "empty", "upper"])
def test_case_01_a_forged_delivery_is_refused_and_not_kept(
    world: World, payload: dict[str, Any], forgery: str
) -> None:
    body = json.dumps(payload | {"canary": "c4n4ry"}).encode()
    id = guid()
    headers = world.signed(id, "push", body)
    sha256 = headers.pop("X-Hub-Signature-256")
    headers |= {
        "none": {},
        "wrong": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        "sha1": {"X-Hub-Signature-256": mac(world, body, "sha1")},
        "another body": {"X-Hub-Signature-256": mac(world, body + b" ")},
        "empty": {"X-Hub-Signature-256": ""},
        "upper": {"X-Hub-Signature-256": sha256.upper()},
    }[forgery]
    status, text = world.bot.post("/webhook", headers, body)
    assert status == 401
    assert "c4n4ry" not in text and sha256 not in text
    assert not is_kept(world, id)


@pytest.mark.parametrize("letter", ["é", "é".encode().decode("latin-1"), "\xff"])
def test_case_02_letters_outside_ascii_in_the_signature_are_a_wrong_signature(
    world: World, letter: str
) -> None:
    id = guid()
    headers = world.signed(id, "push", b"{}") | {"X-Hub-Signature-256": f"sha256={letter}"}
    status, _ = world.bot.post("/webhook", headers, b"{}")
    assert status == 401
    assert not is_kept(world, id)


def test_case_03_header_names_are_any_case_and_the_body_is_bytes(world: World) -> None:
    body, id = '{"zen": "Überall é 🚿"}'.encode(), guid()
    headers = world.signed(id, "ping", body)
    mixed = {
        name.upper() if number % 2 else name.lower(): value
        for number, (name, value) in enumerate(headers.items())
    }
    status, text = world.bot.post("/webhook", mixed, body)
    assert (status, text) == (202, f"{id} ignored: ping: the webhook works\n")
    assert is_kept(world, id)


@pytest.mark.parametrize("name", ["X-Hub-Signature-256", "X-GitHub-Delivery", "Content-Length"])
def test_case_03_a_header_that_stands_twice_is_refused(world: World, name: str) -> None:
    body, id = b'{"zen": "x"}', guid()
    headers = [*world.signed(id, "ping", body).items(), ("Content-Length", str(len(body)))]
    again = next(pair for pair in headers if pair[0] == name)
    lines = "".join(f"{key}: {value}\r\n" for key, value in [*headers, again])
    with socket.create_connection(("127.0.0.1", world.bot.port), timeout=10) as connection:
        connection.sendall(f"POST /webhook HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode() + body)
        assert connection.recv(4096).split()[1] == b"400"
    assert not is_kept(world, id)


def test_case_04_a_delivery_that_comes_many_times_is_built_once(world: World) -> None:
    repo = world.repo('checks: {quick: echo "$DISHWASHER_SHA" >> "$LEDGER"}\n')
    payload = lost_push(world, repo)
    body, id, sha = json.dumps(payload).encode(), guid(), payload["after"]
    answers = race(SENDERS, lambda _: world.deliver(id, "push", body))
    assert {status for status, _ in answers} == {202}
    assert all(id in text for _, text in answers)
    world.concluded(sha)

    # A day later, as far as the table can tell.
    received = world.table.row("delivery", id)["received"]
    world.table.age("delivery", id, received=received - DAY)
    status, text = world.deliver(id, "push", body)
    assert status == 202 and id in text
    assert [row["id"] for row in world.table.rows("delivery")].count(id) == 1
    assert len(world.table.jobs(sha)) == 1
    # Whatever a second plan would have begun, the next build comes after it.
    world.build(repo)
    assert len(repo.check_runs(sha)) == 1
    assert world.bot.ledger.read_text().split().count(sha) == 1


def deep(depth: int) -> bytes:
    return b'{"ref": ' + b"[" * depth + b"]" * depth + b"}"


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "100,000 nested arrays": deep(100_000),
    "100,000 arrays that never end": b"[" * 100_000,
    "a number of 5,000 digits": b'{"ref": 1' + b"0" * 5000 + b"}",
    "a key twice": b'{"ref": "refs/heads/a", "ref": "refs/heads/b"}',
    "NaN": b'{"ref": NaN}',
    "infinity": b'{"ref": 1e999}',
    "no UTF-8": b'{"ref": "\xff\xfe"}',
    "another encoding": '{"zen": "x"}'.encode("utf-16"),
    "a form": b"payload=%7B%7D",
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_case_05_hostile_json_is_refused_and_not_kept(world: World, hostile: str) -> None:
    id = guid()
    status, text = world.deliver(id, "push", HOSTILE[hostile])
    assert status == 400, text
    assert not is_kept(world, id)


WRONG: dict[str, dict[str, Any]] = {
    "no installation": {"installation": None},
    "an installation that is no object": {"installation": [1]},
    "an id that is true": {"installation": {"id": True}},
    "an id that is text": {"installation": {"id": "1"}},
    "an id below 1": {"installation": {"id": -1}},
    "an id beyond 64 bits": {"installation": {"id": 2**63}},
    "no repository": {"repository": None},
    "a ref that is a number": {"ref": 1},
    "half a surrogate pair": {"ref": "refs/heads/\ud800"},
    "a ref of a megabyte": {"ref": "refs/heads/" + "x" * 1_000_000},
    "a commit that is none": {"after": "../../../etc/passwd"},
    "a commit with a newline": {"after": "a" * 40 + "\n"},
    "a commit in digits that are not ASCII": {"after": "٣" * 40},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_case_05_a_payload_of_the_wrong_shape_is_refused_and_not_kept(
    world: World, payload: dict[str, Any], wrong: str
) -> None:
    id = guid()
    status, text = world.deliver(id, "push", json.dumps(payload | WRONG[wrong]).encode())
    assert status == 400, text
    assert not is_kept(world, id)


@pytest.mark.parametrize("owner", ["a/b", "..", "a b", "<b>", "a\n", ""])
def test_case_05_names_that_would_leave_their_place_in_a_url_are_refused(
    world: World, payload: dict[str, Any], owner: str
) -> None:
    named, id = payload["repository"] | {"owner": {"login": owner}}, guid()
    body = json.dumps(payload | {"repository": named}).encode()
    status, _ = world.deliver(id, "push", body)
    assert status == 400
    assert not is_kept(world, id)


def test_case_05_the_bot_is_well_after_all_that(world: World, repo: Repo) -> None:
    assert world.build(repo)["quick"].conclusion == "success"
    assert "Traceback" not in world.bot.log


def test_case_06_a_push_of_8_megabytes_is_built(world: World, repo: Repo) -> None:
    payload = lost_push(world, repo)
    body = json.dumps(payload | {"filler": "x" * 8_000_000}).encode()
    status, _ = world.deliver(guid(), "push", body)
    assert status == 202
    assert world.concluded(payload["after"])["quick"].conclusion == "success"


def test_case_06_more_than_github_sends_is_refused(world: World) -> None:
    body = b'{"zen": "' + b"x" * (25 * 1024 * 1024) + b'"}'
    id = guid()
    status, _ = world.bot.post("/webhook", world.signed(id, "ping", body), body)
    assert status == 413
    assert not is_kept(world, id)


def test_case_06_what_was_lost_is_asked_for_and_what_is_known_is_not(
    world: World, repo: Repo
) -> None:
    world.github.hooks.drop("push")
    lost = repo.commit({"n.txt": "lost on the way"}, branch="lost")
    # GitHub's log says failed, and yet it came: only the answer was lost.
    world.github.hooks.drop("push")
    known = repo.commit({"n.txt": "known"}, branch="known")
    unanswered = world.github.deliveries("push")[-1]
    world.deliver(unanswered.guid, "push", json.dumps(unanswered.payload).encode())
    world.concluded(known)
    world.bot.kill()
    refused = repo.commit({"n.txt": "while nobody listened"}, branch="refused")
    world.github.wait_idle()
    already = {row.id for row in world.github.deliveries()}
    world.bot.start()
    assert world.concluded(lost)["quick"].conclusion == "success"
    assert world.concluded(refused)["quick"].conclusion == "success"
    again = {row.guid for row in world.github.deliveries() if row.id not in already}
    assert unanswered.guid not in again
    assert len(repo.check_runs(known)) == 1


@pytest.fixture
def narrow(world: World) -> Iterator[RawServer]:
    """A proxy in front of the bot that takes no large body, as API Gateway and nginx."""
    proxy = RawServer()
    proxy.on("POST", "/webhook", Say(413))
    world.github.set_webhook(world.app, f"{proxy.url}/webhook")
    yield proxy
    world.github.set_webhook(world.app, f"{world.bot.url}/webhook")
    proxy.close()


def test_case_06_what_no_proxy_takes_is_read_in_githubs_log(
    world: World, repo: Repo, narrow: RawServer
) -> None:
    sha = repo.commit({"n.txt": "too large for the way"}, branch="large")
    world.github.wait_idle()
    (lost,) = [row for row in world.github.deliveries("push") if row.payload["after"] == sha]
    assert lost.status_code == 413
    world.bot.kill()
    # It looks at once when it starts, and every five minutes.
    world.bot.start()
    assert world.concluded(sha)["quick"].conclusion == "success"
    # Under the name of that very delivery: nobody had to look at branches for it.
    world.table.wait(lambda: is_kept(world, lost.guid), "the delivery in the log")
    assert len(narrow.requests("POST", "/webhook")) == len(
        {one.headers["x-github-delivery"] for one in narrow.asked}
    )


def test_case_01_the_secret_and_the_signature_are_in_no_log(world: World) -> None:
    body = b'{"zen": "x"}'
    world.deliver(guid(), "ping", body)
    secret = world.app.webhook_secret
    assert secret not in world.bot.log
    assert hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() not in world.bot.log
