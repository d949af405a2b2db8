"""What a presigned URL lets through, by a server that looks: `make test-presigned`."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest

from tests.aws.emulator import Emulator
from tests.contract.visitor import HttpVisitor, ask

if TYPE_CHECKING:
    from dishwasher.aws.blobs import S3Blobs

pytestmark = pytest.mark.slow

FILE = b"the agreed file"
OTHER = b"another, as long"[: len(FILE)]


@pytest.fixture
def blobs(localstack: Emulator) -> S3Blobs:
    from dishwasher.aws.blobs import S3Blobs

    return S3Blobs(localstack.clients, localstack.bucket())


def leave(blobs: S3Blobs, data: bytes = FILE) -> str:
    return blobs.upload_url("attempts/b1.x.1/file", len(data), hashlib.sha256(data).hexdigest())


def sum_of(data: bytes) -> dict[str, str]:
    return {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(data).digest()).decode()}


def changed(url: str, path: str = "", **query: str) -> str:
    parts = urlsplit(url)
    words = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(path=path or parts.path, query=urlencode({**words, **query})))


def test_the_agreed_file_is_taken(blobs: S3Blobs) -> None:
    assert ask("PUT", leave(blobs), FILE, sum_of(FILE))[0] == 200
    assert blobs.get("attempts/b1.x.1/file") == FILE


@pytest.mark.parametrize(
    "sent, told",
    [
        (FILE + b"!", FILE),
        (FILE + b"!", FILE + b"!"),
        (FILE[:-1], FILE),
        (b"", FILE),
        (OTHER, FILE),
        (OTHER, OTHER),
    ],
    ids=["longer", "longer, with its sum", "shorter", "empty", "other", "other, with its sum"],
)
def test_no_other_file_is_taken(blobs: S3Blobs, sent: bytes, told: bytes) -> None:
    status, text = ask("PUT", leave(blobs), sent, sum_of(told))
    assert status in (400, 403), text
    assert blobs.get("attempts/b1.x.1/file") is None


def test_a_file_without_its_sum_is_not_taken(blobs: S3Blobs) -> None:
    assert ask("PUT", leave(blobs), FILE, {})[0] == 403


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_upload_is_no_other_call(blobs: S3Blobs, method: str) -> None:
    blobs.put("attempts/b1.x.1/file", FILE)
    assert ask(method, leave(blobs), b"", sum_of(FILE))[0] == 403
    assert blobs.get("attempts/b1.x.1/file") == FILE


def test_a_url_is_for_one_key(blobs: S3Blobs) -> None:
    url = leave(blobs)
    path = urlsplit(url).path.replace("b1.x.1", "b2.x.1")
    assert ask("PUT", changed(url, path), FILE, sum_of(FILE))[0] == 403
    blobs.put("secret", FILE)
    there = blobs.download_url("attempts/b1.x.1/file")
    bucket = urlsplit(there).path.split("/")[1]
    assert ask("GET", changed(there, f"/{bucket}/secret"), None, {})[0] == 403


def test_a_download_is_no_upload(blobs: S3Blobs) -> None:
    assert ask("PUT", blobs.download_url("x"), FILE, sum_of(FILE))[0] == 403


def test_its_time_can_not_be_stretched(blobs: S3Blobs) -> None:
    url = leave(blobs)
    assert ask("PUT", changed(url, **{"X-Amz-Expires": "604800"}), FILE, sum_of(FILE))[0] == 403
    assert ask("PUT", changed(url, **{"X-Amz-Date": "20200101T000000Z"}), FILE, {})[0] == 403


def test_a_link_can_not_be_made_to_show_what_it_should_save(blobs: S3Blobs) -> None:
    blobs.put("page", b"<script>")
    url = blobs.link("page", 'attachment; filename="page.html"', "application/octet-stream")
    assert url is not None
    assert HttpVisitor().get(url) == b"<script>"
    assert ask("GET", changed(url, **{"response-content-type": "text/html"}), None, {})[0] == 403
