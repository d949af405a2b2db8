"""JWTs, installation tokens, and how far they reach."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import github as pygithub
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from dishwasher.demo.github import App, Installation, Repo, StandIn

from .conftest import client, mint


def signed(app: App, key: object = None, **claims: object) -> str:
    now = int(time.time())
    whole = {"iss": app.client_id, "iat": now - 60, "exp": now + 300} | claims
    return jwt.encode(whole, key or app.private_key, algorithm="RS256")  # type: ignore[arg-type]


def app_name(github: StandIn, token: str) -> str:
    with client(github, pygithub.Auth.Token(token)) as made:
        return str(made.requester.requestJsonAndCheck("GET", "/app")[1]["slug"])


def test_an_app_is_known_by_its_id_or_its_client_id(github: StandIn, app: App) -> None:
    assert app_name(github, signed(app)) == "dishwasher"
    assert app_name(github, signed(app, iss=str(app.id))) == "dishwasher"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": -5}, "in the future"),
        ({"exp": 3600}, "too far"),
        ({"iat": 600}, "'Issued at'"),
    ],
)
def test_a_jwt_of_another_time_is_refused(
    github: StandIn, app: App, claims: dict[str, int], reason: str
) -> None:
    """`claims` in seconds from now, which is not when the tests were collected."""
    now = int(time.time())
    with pytest.raises(pygithub.GithubException, match=reason):
        app_name(github, signed(app, **{name: now + seconds for name, seconds in claims.items()}))


def test_a_jwt_of_nobody_is_refused(github: StandIn, app: App) -> None:
    with pytest.raises(pygithub.GithubException, match="Integration not found"):
        app_name(github, signed(app, iss="nobody"))


def test_a_jwt_of_another_key_is_refused(github: StandIn, app: App) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(pygithub.GithubException, match="could not be decoded"):
        app_name(github, signed(app, stranger))


def test_a_jwt_opens_no_repository(as_app: pygithub.Github, repo: Repo) -> None:
    with pytest.raises(pygithub.GithubException) as refused:
        as_app.get_repo("acme/site")
    assert refused.value.status in (401, 404)


def test_tokens_have_the_new_long_form(token: str, app: App) -> None:
    assert token.startswith(f"ghs_{app.id}_")
    assert 480 < len(token) < 560
    assert token.count(".") == 2


def test_the_old_form_can_be_asked_for(
    github: StandIn, app: App, installation: Installation, as_app: pygithub.Github
) -> None:
    path = f"/app/installations/{installation.id}/access_tokens"
    headers = {"X-GitHub-Stateless-S2S-Token": "disabled"}
    _, answer = as_app.requester.requestJsonAndCheck("POST", path, headers=headers)
    assert len(answer["token"]) == 40


def test_a_token_expires_by_the_stand_ins_clock(github: StandIn, bot: pygithub.Github) -> None:
    assert bot.get_repo("acme/site").full_name == "acme/site"
    github.clock.advance(3601)
    with pytest.raises(pygithub.BadCredentialsException):
        bot.get_repo("acme/site")


def test_a_token_can_be_revoked(bot: pygithub.Github) -> None:
    bot.requester.requestJsonAndCheck("DELETE", "/installation/token")
    with pytest.raises(pygithub.BadCredentialsException):
        bot.get_repo("acme/site")


def test_narrowing(github: StandIn, app: App, installation: Installation, repo: Repo) -> None:
    github.add_repo("acme/other", {"a": "1\n"})
    narrow = mint(
        github,
        app,
        installation,
        repository_ids=[repo.id],
        permissions={"checks": "read", "contents": "read"},
    )
    with client(github, pygithub.Auth.Token(narrow)) as made:
        listed = made.requester.requestJsonAndCheck("GET", "/installation/repositories")[1]
        assert [row["name"] for row in listed["repositories"]] == ["site"]
        with pytest.raises(pygithub.UnknownObjectException):
            made.get_repo("acme/other")
        with pytest.raises(pygithub.GithubException, match="not accessible by integration"):
            made.get_repo("acme/site").create_check_run("lint", repo.head())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"permissions": {"contents": "write"}}, "not granted"),
        ({"permissions": {"secrets": "read"}}, "not granted"),
        ({"repositories": ["nothing"]}, "does not exist or is not accessible"),
        ({"repository_ids": ["1"]}, "Invalid request"),
    ],
)
def test_a_token_is_never_wider_than_the_installation(
    github: StandIn, app: App, installation: Installation, body: dict[str, object], reason: str
) -> None:
    with pytest.raises(pygithub.GithubException, match=reason) as refused:
        mint(github, app, installation, **body)
    assert refused.value.status == 422


def test_selected_repositories_only(github: StandIn, app: App, repo: Repo) -> None:
    github.add_repo("acme/other", {"a": "1\n"})
    installation = github.install(app, "acme", [repo])
    with client(github, pygithub.Auth.Token(mint(github, app, installation))) as made:
        assert made.get_repo("acme/site").id == repo.id
        with pytest.raises(pygithub.UnknownObjectException):
            made.get_repo("acme/other")


def test_a_public_repository_elsewhere_is_read_only(github: StandIn, bot: pygithub.Github) -> None:
    sha = github.add_repo("world/open", {"a": "1\n"}, private=False).head()
    found = bot.get_repo("world/open")
    assert found.get_branch("master").commit.sha == sha
    with pytest.raises(pygithub.GithubException, match="not accessible by integration"):
        found.create_check_run("lint", sha)


def test_suspension_and_removal(
    github: StandIn, app: App, installation: Installation, bot: pygithub.Github
) -> None:
    github.suspend(installation)
    for attempt in (lambda: bot.get_repo("acme/site"), lambda: mint(github, app, installation)):
        with pytest.raises(pygithub.GithubException, match="suspended") as refused:
            attempt()
        assert refused.value.status == 403
    github.suspend(installation, False)
    assert bot.get_repo("acme/site").name == "site"
    github.uninstall(installation)
    with pytest.raises(pygithub.BadCredentialsException):
        bot.get_repo("acme/site")
    with pytest.raises(pygithub.UnknownObjectException):
        mint(github, app, installation)


def test_a_request_without_a_user_agent_is_refused(github: StandIn) -> None:
    connection = http.client.HTTPConnection(urlsplit(github.url).netloc)
    connection.request("GET", "/api/v3/rate_limit")
    response = connection.getresponse()
    assert (response.status, b"User-Agent" in response.read()) == (403, True)
    connection.close()
