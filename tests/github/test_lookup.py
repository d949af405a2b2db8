"""A name that somebody types becomes the id that everything is kept by."""

from __future__ import annotations

import pytest
from dishwasher.errors import InfraError
from dishwasher.github import GithubApp
from dishwasher.github.lookup import repository_id

from tests.github.conftest import TOKEN, TOKENS, Stage
from tests.github.raw import RawServer, Say

PLACE = "/repos/octo/demo/installation"


def test_a_repository_of_the_app_has_its_id(stage: Stage) -> None:
    owner, _, name = stage.repo.full_name.partition("/")
    assert repository_id(stage.app, owner, name) == stage.repo.id
    assert repository_id(stage.app, owner.upper(), name.upper()) == stage.repo.id


@pytest.mark.parametrize("name", ["nowhere", "../users", "a b", "%2e%2e"])
def test_a_name_that_is_none_is_not_found(stage: Stage, name: str) -> None:
    owner = stage.repo.full_name.partition("/")[0]
    assert repository_id(stage.app, owner, name) is None


def test_a_repository_without_the_app_is_not_found(stage: Stage) -> None:
    stage.github.add_repo("stranger/site", {"a": "1"})
    assert repository_id(stage.app, "stranger", "site") is None


def test_the_token_is_given_back(app: GithubApp, raw: RawServer) -> None:
    raw.on("GET", PLACE, Say(200, {"id": 99}))
    raw.on("POST", TOKENS, TOKEN)
    raw.on("DELETE", "/installation/token", Say(204))
    assert repository_id(app, "octo", "demo") == 5
    (minted,) = raw.requests("POST", TOKENS)
    assert minted.body == {"repositories": ["demo"], "permissions": {"metadata": "read"}}
    assert len(raw.requests("DELETE", "/installation/token")) == 1


def test_a_name_of_before_and_a_repository_out_of_reach_are_not_found(
    app: GithubApp, raw: RawServer
) -> None:
    raw.on("GET", PLACE, Say(301, {"message": "Moved Permanently"}))
    assert repository_id(app, "octo", "demo") is None
    raw.on("GET", PLACE, Say(200, {"id": 99}))
    raw.on("POST", TOKENS, Say(422, {"message": "out of reach"}))
    assert repository_id(app, "octo", "demo") is None


def test_github_that_does_not_answer_is_no_answer(app: GithubApp, raw: RawServer) -> None:
    raw.on("GET", PLACE, Say(502))
    with pytest.raises(InfraError):
        repository_id(app, "octo", "demo")
