from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.history import begun
from dishwasher.core.job import Reason, State
from dishwasher.core.result import Artifact, Result
from dishwasher.http.files import LARGE, disposition
from dishwasher.http.message import Request, Response
from dishwasher.http.pages import SEARCHES, Site
from dishwasher.http.readers import Readers
from dishwasher.http.router import Router
from dishwasher.http.span import BLOCK

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, Sample, job

RUNNING = job()
DONE = job(id="b1-1", position=1, state=State.CONCLUDED, reason=Reason.OK, ended=NOON)


@pytest.fixture
def sample() -> Sample:
    sample = Sample()
    sample.add(RUNNING, DONE)
    sample.printed(RUNNING, b"one\n\x1b[31mtwo\n")
    files = (Artifact("docs/in dex.html", 6, "0" * 64), Artifact("lost", 1, "0" * 64))
    sample.told(DONE, Result(Reason.OK, "", artifacts=files))
    sample.made(DONE, "docs/in dex.html", b"<html>")
    sample.made(DONE, "not-listed", b"x")
    return sample


def ask(
    sample: Sample,
    path: str,
    query: dict[str, str] | None = None,
    method: str = "GET",
    **headers: str,
) -> Response:
    return asked(site(sample), path, query, method, **headers)


def site(sample: Sample) -> Site:
    readers = Readers(sample.clock, b"k" * 32, None)
    return Site(sample.pages, sample.blobs, lambda: "https://ci.invalid", readers)


def asked(
    site: Site,
    path: str,
    query: dict[str, str] | None = None,
    method: str = "GET",
    **headers: str,
) -> Response:
    router = Router(site.routes(), site.missing)
    return router(Request(method, path, io.BytesIO(), 0, query or {}, headers))


def content(answer: Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def news(answer: Response) -> Any:
    return json.loads(content(answer))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", b"https://ci.invalid/webhook"),
        ("/builds/b1", b"4f2c1de0a9"),
        ("/jobs/b1-0", b"Running"),
        ("/jobs/b1-1", b"Passed"),
    ],
)
def test_pages(sample: Sample, path: str, words: bytes) -> None:
    answer = ask(sample, path)
    headers = dict(answer.headers)
    assert answer.status == 200 and words in content(answer)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/builds/nope",
        "/builds/nope/follow",
        "/jobs/nope",
        "/jobs/nope/follow",
        "/jobs/nope/log",
        "/jobs/nope/artifacts/x",
        "/jobs/b1-0/artifacts/docs/in dex.html",
        "/jobs/b1-1/artifacts/lost",
        "/jobs/b1-1/artifacts/not-listed",
        "/jobs/b1-1/artifacts/../result.json",
        "/jobs/b1-1/artifacts//docs/in dex.html",
        "/static/style.css",
        "/static/nope",
    ],
)
def test_what_is_not_there_always_looks_the_same(sample: Sample, path: str) -> None:
    assert ask(sample, path) == ask(sample, "/jobs/another")
    assert ask(sample, path).status == 404


def test_the_raw_log(sample: Sample) -> None:
    answer = ask(sample, "/jobs/b1-0/log")
    headers = dict(answer.headers)
    assert content(answer) == b"one\n\x1b[31mtwo\n"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (headers["x-log-size"], headers["content-length"]) == ("13", "13")
    assert (headers["x-job-attempt"], headers["x-job-state"]) == ("1", "running")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"start": "4"}, b"\x1b[31mtwo\n"),
        ({"start": "1", "end": "3"}, b"ne"),
        ({"end": "3"}, b"one"),
        ({"start": "99", "end": "999999"}, b""),
        ({"start": "3", "end": "1"}, b""),
    ],
)
def test_a_range_of_the_log(sample: Sample, query: dict[str, str], expected: bytes) -> None:
    answer = ask(sample, "/jobs/b1-0/log", query)
    assert content(answer) == expected
    assert dict(answer.headers)["content-length"] == str(len(expected))


def test_a_bad_range_is_the_readers_mistake(sample: Sample) -> None:
    assert ask(sample, "/jobs/b1-0/log", {"start": "-1"}).status == 400
    assert ask(sample, "/jobs/b1-0/follow", {"line": "x"}).status == 400


def test_a_job_without_a_log_has_an_empty_one(sample: Sample) -> None:
    assert content(ask(sample, "/jobs/b1-1/log")) == b""


def test_a_large_log_comes_in_blocks(sample: Sample) -> None:
    data = b"0123456789abcdef" * (BLOCK // 8)
    sample.printed(RUNNING, data)
    answer = ask(sample, "/jobs/b1-0/log")
    assert not isinstance(answer.body, bytes)
    blocks = list(answer.body)
    assert b"".join(blocks) == data and max(map(len, blocks)) == BLOCK


def test_head_of_a_log_reads_nothing(sample: Sample) -> None:
    answer = ask(sample, "/jobs/b1-0/log", method="HEAD")
    assert (answer.body, dict(answer.headers)["content-length"]) == (b"", "13")


def test_following_a_job(sample: Sample) -> None:
    answer = ask(sample, "/jobs/b1-0/follow", {"start": "4", "line": "2", "style": "1"})
    assert dict(answer.headers)["cache-control"] == "private, no-store"
    assert (
        news(answer)["html"]
        == '<div id="L2"><a href="#L2" aria-label="2"></a><span class="f1 o">two</span></div>'
    )
    evil = ask(sample, "/jobs/b1-0/follow", {"start": "4", "style": '"><script>'})
    assert news(evil)["html"].count("<") == 6
    assert news(ask(sample, "/jobs/b1-0/follow"))["line"] == 3
    assert news(ask(sample, "/jobs/b1-1/follow"))["over"] is True


def test_following_a_build(sample: Sample) -> None:
    answer = news(ask(sample, "/builds/b1/follow"))
    assert answer["over"] is False and "Running" in answer["regions"]["main"]


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


def test_all_artifacts_come_as_one_archive(sample: Sample) -> None:
    files = [Artifact(path, 0, "0" * 64) for path in ("docs/in dex.html", "lost", "x", "../up")]
    sample.told(DONE, Result(Reason.OK, "", artifacts=tuple(files)))
    sample.made(DONE, "x", b"y" * 200_000)
    answer = ask(sample, "/jobs/b1-1/artifacts.tar.gz")
    headers = dict(answer.headers)
    data = content(answer)
    assert headers["content-length"] == str(len(data))
    assert unpacked(data) == {"docs/in dex.html": b"<html>", "x": b"y" * 200_000}
    assert headers["content-type"] == "application/gzip"
    assert headers["content-disposition"].startswith('attachment; filename="artifacts.tar.gz"')
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_folder_of_artifacts_comes_as_one_archive(sample: Sample) -> None:
    answer = ask(sample, "/jobs/b1-1/artifacts.tar.gz", {"folder": "docs"})
    assert unpacked(content(answer)) == {"docs/in dex.html": b"<html>"}
    assert 'filename="docs.tar.gz"' in dict(answer.headers)["content-disposition"]
    for folder in ("doc", "nope", "docs/in dex.html", ".."):
        assert ask(sample, "/jobs/b1-1/artifacts.tar.gz", {"folder": folder}).status == 404
    assert ask(sample, "/jobs/b1-0/artifacts.tar.gz").status == 404
    assert ask(sample, "/jobs/nope/artifacts.tar.gz").status == 404


def test_what_is_large_is_had_directly_where_that_can_be(sample: Sample) -> None:
    asked_for: list[tuple[str, str, str]] = []

    def direct(key: str, name: str, content_type: str) -> str:
        asked_for.append((key, name, content_type))
        return "https://bucket.invalid/file?signed"

    sample.printed(DONE, b"x" * (LARGE + 1))
    sample.made(DONE, "docs/in dex.html", b"x" * LARGE)
    away = replace(site(sample), direct=direct)
    answer = asked(away, "/jobs/b1-1/log")
    assert (answer.status, content(answer)) == (303, b"")
    assert dict(answer.headers)["location"] == "https://bucket.invalid/file?signed"
    assert dict(answer.headers)["cache-control"] == "no-store"
    assert len(content(asked(away, "/jobs/b1-1/log", {"start": "7", "end": "9"}))) == 2
    assert asked(away, "/jobs/b1-1/artifacts/docs/in dex.html").status == 200
    sample.made(DONE, "docs/in dex.html", b"x" * (LARGE + 1))
    assert asked(away, "/jobs/b1-1/artifacts/docs/in dex.html").status == 303
    assert asked(away, "/jobs/b1-1/artifacts/not-listed").status == 404
    assert asked(away, "/jobs/b1-0/log").status == 200
    found = f"attempts/{DONE.attempt_id}"
    assert asked_for == [
        (f"{found}/log", disposition("b1-1.1.log"), "text/plain; charset=utf-8"),
        (
            f"{found}/artifacts/docs/in dex.html",
            disposition("in dex.html"),
            "application/octet-stream",
        ),
    ]


def test_an_artifact_can_only_be_saved(sample: Sample) -> None:
    answer = ask(sample, "/jobs/b1-1/artifacts/docs/in dex.html")
    headers = dict(answer.headers)
    assert content(answer) == b"<html>"
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith('attachment; filename="in_dex.html"')
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["content-length"] == "6"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"),
        ("ü\r\nX: 1", "attachment; filename=\"___X__1\"; filename*=UTF-8''%C3%BC%0D%0AX%3A%201"),
        ('"; x="', "attachment; filename=\"___x__\"; filename*=UTF-8''%22%3B%20x%3D%22"),
    ],
)
def test_names_of_files(name: str, expected: str) -> None:
    assert disposition(name) == expected


def test_static_files_never_change(sample: Sample) -> None:
    answer = ask(sample, sample.pages.assets.url("style.css"))
    headers = dict(answer.headers)
    assert answer.status == 200 and b"prefers-color-scheme" in content(answer)
    assert headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in headers["cache-control"]


def test_pages_are_compressed_for_who_can_read_that(sample: Sample) -> None:
    plain = ask(sample, "/jobs/b1-0")
    packed = ask(sample, "/jobs/b1-0", **{"accept-encoding": "br, gzip"})
    assert dict(packed.headers)["content-encoding"] == "gzip"
    assert "content-encoding" not in dict(plain.headers)
    assert dict(plain.headers)["vary"] == "accept-encoding"
    assert gzip.decompress(content(packed)) == content(plain)


def test_a_file_that_vanishes_while_it_is_sent_ends_early(sample: Sample) -> None:
    answer = ask(sample, "/jobs/b1-1/artifacts/docs/in dex.html")
    del sample.blobs._blobs["attempts/b1-1.1/artifacts/docs/in dex.html"]
    # The server hangs up then, and the reader sees that bytes are missing.
    with pytest.raises(OSError, match="not there any more"):
        content(answer)


def test_searches_leave_room_for_others(sample: Sample) -> None:
    """Each reads a whole log, and GitHub waits ten seconds for an answer to a delivery."""
    shown = site(sample)
    for _ in range(SEARCHES):
        shown.searches.acquire()
    path, query = "/jobs/b1-0/search", {"q": "TWO"}
    answer = asked(shown, path, query)
    assert (answer.status, dict(answer.headers)["retry-after"]) == (503, "2")
    shown.searches.release()
    for _ in range(2):
        assert asked(shown, path, query).status == 200


def test_a_log_is_searched_and_shown_in_parts(sample: Sample) -> None:
    found = ask(sample, "/jobs/b1-0/search", {"q": "TWO"})
    assert found.status == 200 and b"1 line has" in content(found)
    assert ask(sample, "/jobs/none/search", {"q": "two"}).status == 404
    assert ask(sample, "/jobs/b1-0", {"from": "3"}).status == 200
    assert ask(sample, "/jobs/b1-0", {"from": "x"}).status == 400


@pytest.mark.parametrize("id", ["2", "x", "²", "-1", "9" * 40])
def test_a_repository_without_builds_is_missing(sample: Sample, id: str) -> None:
    assert ask(sample, f"/repositories/{id}").status == 404


def test_the_builds_of_a_repository_have_a_page(sample: Sample) -> None:
    sample.store.save(begun(BUILD, [RUNNING]))
    listed = ask(sample, "/repositories/1", {"branch": "opening-hours"})
    assert listed.status == 200 and b'href="/builds/b1"' in content(listed)


def test_a_repository_has_a_badge(sample: Sample) -> None:
    assert ask(sample, "/repositories/1/badge.svg").status == 404
    sample.store.save(begun(BUILD, [DONE]))
    picture = ask(sample, "/repositories/1/badge.svg", {"branch": "opening-hours"})
    assert dict(picture.headers)["content-type"] == "image/svg+xml"
    assert b"build: passed" in content(picture)
    assert b"build: unknown" in content(ask(sample, "/repositories/1/badge.svg"))
