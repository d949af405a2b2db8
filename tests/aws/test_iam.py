"""The local AWS refuses what a role may not do, and what nobody has signed."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.aws.emulator import REGION, Emulator
from tests.aws_local.iam.guard import Guard
from tests.aws_local.iam.rights import allowed
from tests.aws_local.iam.signature import Call, Denied, Key, verify

KEY = Key("ASIA1", "secret", "token", "PlanRole")
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table"


@pytest.fixture
def guard(emulator: Emulator) -> Iterator[Guard]:
    found = Guard({"": emulator.url})
    yield found
    found.close()


def client(guard: Guard, key: Key, service: str) -> Any:
    import botocore.session
    from botocore.config import Config

    return botocore.session.get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=guard.url,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        aws_session_token=key.token,
        config=Config(
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
        ),
    )


def refused(call: Any, **words: Any) -> str:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**words)
    return str(caught.value.response["Error"]["Code"])


def grant(action: str, *resources: str) -> list[dict[str, object]]:
    return [{"Effect": "Allow", "Action": action, "Resource": list(resources)}]


def test_a_role_may_do_what_it_is_granted_and_nothing_else(
    guard: Guard, emulator: Emulator
) -> None:
    table, other = emulator.table(), emulator.table()
    mine = client(
        guard, guard.admit("R", grant("dynamodb:PutItem", f"{TABLE}/{table}")), "dynamodb"
    )
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    mine.put_item(TableName=table, Item=item)
    key = {"TableName": table, "Key": item}
    assert emulator.clients.dynamodb.get_item(**key)["Item"] == item
    assert refused(mine.put_item, TableName=other, Item=item) == "AccessDenied"
    assert refused(mine.get_item, **key) == "AccessDenied"
    put = {"Put": {"TableName": other, "Item": item}}
    assert refused(mine.transact_write_items, TransactItems=[put]) == "AccessDenied"
    assert guard.refused[f"R dynamodb:PutItem {TABLE}/{other}"] == 2


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("id", "InvalidClientTokenId"),
        ("secret", "SignatureDoesNotMatch"),
        ("token", "InvalidToken"),
    ],
)
def test_a_key_with_a_guessed_part_opens_nothing(guard: Guard, part: str, word: str) -> None:
    key = guard.admit("R", grant("*", "*"))
    client(guard, key, "sqs").list_queues()
    guessed = client(guard, replace(key, **{part: "guessed"}), "sqs")
    assert refused(guessed.list_queues) == word


def test_a_role_without_policies_may_ask_who_it_is_and_nothing_else(guard: Guard) -> None:
    key = guard.admit("RunRole", [])
    assert client(guard, key, "sts").get_caller_identity()["Account"]
    for service, call in (("s3", "list_buckets"), ("iam", "list_roles"), ("sqs", "list_queues")):
        assert refused(getattr(client(guard, key, service), call)) == "AccessDenied"


def fetch(url: str, method: str, body: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, method=method)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_presigned_url_is_good_for_one_verb_and_key_for_its_time(
    guard: Guard, emulator: Emulator
) -> None:
    bucket = emulator.bucket()
    key = guard.admit("R", grant("s3:*", f"arn:aws:s3:::{bucket}/attempts/*"))
    s3 = client(guard, key, "s3")
    s3.put_object(Bucket=bucket, Key="attempts/a b", Body=b"hello")

    def url(name: str, seconds: int = 60) -> str:
        words = {"Bucket": bucket, "Key": name}
        return str(s3.generate_presigned_url("get_object", words, ExpiresIn=seconds))

    assert fetch(url("attempts/a b"), "GET") == 200
    assert fetch(url("attempts/a b"), "PUT", b"forged") == 403
    assert fetch(url("attempts/a b").replace("a%20b", "other"), "GET") == 403
    assert fetch(url("attempts/a b", seconds=-1), "GET") == 403
    # Whoever signs what it may not do itself signs nothing.
    assert fetch(url("caches/a b"), "GET") == 403


def test_what_is_not_signed_is_refused() -> None:
    call = Call("POST", "/", "", {"host": "here"}, b"")
    with pytest.raises(Denied, match="MissingAuthenticationToken"):
        verify(call, {KEY.id: KEY}.get, 0.0)


@pytest.mark.parametrize(
    ("pattern", "resource", "well"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/c", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b/attempts/*/log%%@*", "arn:aws:s3:::b/attempts/7/log%%@1", True),
        ("arn:aws:s3:::b/attempts/*/log%%@*", "arn:aws:s3:::b/attempts/7/log", False),
    ],
)
def test_a_star_is_any_text_and_all_else_is_itself(pattern: str, resource: str, well: bool) -> None:
    assert allowed(grant("s3:PutObject", pattern), "s3:PutObject", resource) is well
    assert not allowed(grant("s3:PutObject", pattern), "s3:GetObject", resource)
