"""Log in at the stand-in GitHub, and what its word on a person is worth."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from dishwasher.core.session import PendingLogin, Person
from dishwasher.demo.github import StandIn
from dishwasher.errors import InfraError, Refused
from dishwasher.github.app import GithubApp
from dishwasher.github.people import GithubPeople

from tests.github.conftest import Stage
from tests.github.raw import RawServer, Say

BACK = "https://ci.example.com/login/callback"
PENDING = PendingLogin("the state", "v" * 43, "/", 0.0)


@pytest.fixture
def people(stage: Stage) -> GithubPeople:
    made = stage.registered
    return GithubPeople(
        stage.app, stage.github.url, stage.github.api_url, made.client_id, made.client_secret
    )


def code(github: StandIn, people: GithubPeople, login: str = "anna") -> str:
    """What GitHub sends the browser back with, when this person looks."""
    github.sign_in(login)
    url = people.login_url(PENDING.state, PENDING.challenge, BACK)
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    place = urlsplit(answer.headers["location"])
    query = parse_qs(place.query)
    assert f"{place.scheme}://{place.netloc}{place.path}" == BACK
    assert query["state"] == [PENDING.state]
    return query["code"][0]


def test_who_came_back_is_known_and_no_token_is_left(stage: Stage, people: GithubPeople) -> None:
    anna = stage.github.add_user("anna")
    found = people.person(code(stage.github, people), PENDING.verifier, BACK)
    assert found == Person(anna.id, "anna")
    assert stage.github.world.lent == 0


def test_a_code_is_good_once_for_its_own_browser(stage: Stage, people: GithubPeople) -> None:
    stolen = code(stage.github, people)
    with pytest.raises(Refused):
        people.person(stolen, "w" * 43, BACK)
    used = code(stage.github, people)
    people.person(used, PENDING.verifier, BACK)
    with pytest.raises(Refused):
        people.person(used, PENDING.verifier, BACK)
    late = code(stage.github, people)
    stage.github.clock.advance(601)
    with pytest.raises(Refused):
        people.person(late, PENDING.verifier, BACK)


def test_a_wrong_secret_or_address_is_ours_to_mend(stage: Stage, people: GithubPeople) -> None:
    made = stage.registered
    urls = stage.github.url, stage.github.api_url
    wrong = GithubPeople(stage.app, *urls, made.client_id, "wrong")
    with pytest.raises(InfraError, match="DISHWASHER_GITHUB_CLIENT_SECRET") as told:
        wrong.person(code(stage.github, people), PENDING.verifier, BACK)
    assert "wrong?" not in str(told.value)
    with pytest.raises(InfraError, match="redirect_uri_mismatch"):
        people.person(code(stage.github, people), PENDING.verifier, f"{BACK}/other")


def test_a_private_repository_is_for_its_people(stage: Stage, people: GithubPeople) -> None:
    anna, eve = stage.github.add_user("anna"), stage.github.add_user("eve")
    assert not people.may_read(stage.repository, Person(anna.id, "anna"))
    stage.repo.collaborate("anna", "read")
    assert people.may_read(stage.repository, Person(anna.id, "anna"))
    assert not people.may_read(stage.repository, Person(eve.id, "eve"))
    # The login is somebody else's now.
    assert not people.may_read(stage.repository, Person(eve.id, "anna"))
    assert not people.may_read(stage.repository, Person(1, "no/such?person"))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Say(200, "<html>"), InfraError),
        (Say(502, {"message": "Server Error"}), InfraError),
        (Say(200, {}), Refused),
        (Say(200, ["access_token"]), Refused),
        (Say(200, {"access_token": 7}), Refused),
        (Say(200, {"error": "bad_verification_code"}), Refused),
    ],
)
def test_an_answer_that_is_none_logs_nobody_in(
    raw: RawServer, app: GithubApp, answer: Say, fault: type[Exception]
) -> None:
    raw.on("POST", "/login/oauth/access_token", answer)
    people = GithubPeople(app, raw.url, raw.url, "id", "secret of the app")
    with pytest.raises(fault) as told:
        people.person("code", "verifier", BACK)
    assert "secret of the app" not in str(told.value)


def test_a_github_that_is_away_is_not_a_wrong_login(raw: RawServer, app: GithubApp) -> None:
    people = GithubPeople(app, raw.url, raw.url, "id", "secret of the app")
    raw.close()
    with pytest.raises(InfraError) as told:
        people.person("code", "verifier", BACK)
    assert "secret of the app" not in str(told.value)


def test_a_token_that_can_not_be_ended_keeps_nobody_out(
    raw: RawServer, app: GithubApp, caplog: pytest.LogCaptureFixture
) -> None:
    raw.on("POST", "/login/oauth/access_token", Say(200, {"access_token": "ghu_x"}))
    raw.on("GET", "/user", Say(200, {"id": 3, "login": "anna"}))
    raw.on("DELETE", "/applications/id/token", Say(500, {"message": "oops"}))
    people = GithubPeople(app, raw.url, raw.url, "id", "secret")
    assert people.person("code", "verifier", BACK) == Person(3, "anna")
    assert "GitHub answered 500" in caplog.text and "ghu_x" not in caplog.text
