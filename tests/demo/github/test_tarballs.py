"""Archives as GitHub gives them: by a redirect to another host, the commit in their head."""

from __future__ import annotations

import http.client
import io
import tarfile
from urllib.parse import urlsplit

import pytest
from dishwasher.demo.github import Installation, Repo, StandIn, tokens

Headers = dict[str, str]


def get(url: str, **headers: str) -> tuple[int, Headers, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request("GET", target, headers={"User-Agent": "test", **headers})
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, told, body


@pytest.fixture
def bearer(github: StandIn, installation: Installation, repo: Repo) -> Headers:
    with github.world.lock:
        token = tokens.mint(github.world, installation, None, {"contents": "read"})
    return {"Authorization": f"Bearer {token.value}"}


def place(github: StandIn, bearer: Headers, ref: str) -> str:
    status, headers, body = get(f"{github.api_url}/repos/acme/site/tarball/{ref}", **bearer)
    assert (status, body) == (302, b"")
    return headers["location"]


def test_an_archive_is_of_a_commit(github: StandIn, repo: Repo, bearer: Headers) -> None:
    sha = repo.head()
    repo.commit({"app.py": "x = 9\n"})
    status, headers, body = get(place(github, bearer, sha))
    assert status == 200
    assert headers["content-type"] == "application/x-gzip"
    assert f"filename=acme-site-{sha[:7]}.tar.gz" in headers["content-disposition"]
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.pax_headers == {"comment": sha}
        assert archive.getnames()[0] == f"acme-site-{sha[:7]}"
        found = archive.extractfile(f"acme-site-{sha[:7]}/app.py")
        assert found is not None
        assert found.read() == b"x = 1\ny = 2\n"


def test_a_branch_will_do(github: StandIn, repo: Repo, bearer: Headers) -> None:
    where = place(github, bearer, "master")
    assert "/legacy.tar.gz/master?token=" in where
    assert urlsplit(where).netloc != urlsplit(github.url).netloc
    assert get(where)[0] == 200


def test_a_token_opens_one_repository_for_five_minutes(
    github: StandIn, repo: Repo, bearer: Headers
) -> None:
    where = place(github, bearer, "master")
    github.add_repo("acme/other", {"a": "b"})
    assert get(where.replace("acme/site", "acme/other"))[0] == 404
    assert get(where.replace("acme/site", "acme/none"))[0] == 404
    assert get(where.partition("?")[0])[0] == 404
    github.clock.advance(301)
    assert get(where)[0] == 404


def test_a_public_one_needs_none(github: StandIn, bearer: Headers) -> None:
    open_repo = github.add_repo("acme/open", {"a": "b"}, private=False)
    url = f"{github.api_url}/repos/acme/open/tarball/{open_repo.head()}"
    where = get(url, **bearer)[1]["location"]
    assert "token" not in where
    assert get(where)[0] == 200
    assert get(where.replace(open_repo.head(), "a" * 40))[0] == 404


def test_what_is_not_there_is_not_found(github: StandIn, repo: Repo, bearer: Headers) -> None:
    assert get(f"{github.api_url}/repos/acme/site/tarball/{'a' * 40}", **bearer)[0] == 404
    assert get(f"{github.api_url}/repos/acme/site/tarball/master")[0] == 404


def test_a_client_that_sends_its_token_along_is_found_out(
    github: StandIn, repo: Repo, bearer: Headers
) -> None:
    assert get(place(github, bearer, "master"), **bearer)[0] == 200
    (violation,) = github.violations
    assert "sent to the host that it had led to" in violation.message
