"""Which secrets a job receives, and what it is told of those that it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.config import JobSpec
from dishwasher.core.event import Event, PullRequest
from dishwasher.core.grants import Choice, choose, deliver, wants_some
from dishwasher.core.outputs import Secret, SecretStore
from dishwasher.core.pattern import Filter, Pattern
from dishwasher.core.secret import Rules, Slot, StoredSecret

from tests.samples import BASE_SHA, REPOSITORY, deployment, pull_request, push, spec

MAIN = Filter((Pattern("main"),))
AWS = SecretStore.SECRETS_MANAGER
ASKING = spec(secrets=(Secret("TOKEN", line=8),))


def stored(name: str, environment: str = "", **values: Any) -> StoredSecret:
    store = values.pop("store", SecretStore.DISHWASHER)
    return StoredSecret(Slot(REPOSITORY.id, name, environment, store), Rules(**values), 1.0)


def given(choice: Choice) -> list[tuple[str, str]]:
    """(variable, environment of the secret)"""
    assert choice.lacks == ()
    return [(grant.variable, grant.secret.slot.environment) for grant in choice.grants]


def lack(choice: Choice) -> str:
    (only,) = choice.lacks
    return only.sentence


def test_a_job_gets_what_it_names_and_nothing_else() -> None:
    choice = choose([stored("TOKEN"), stored("OTHER")], push(), ASKING)
    assert given(choice) == [("TOKEN", "")]
    assert given(choose([stored("TOKEN")], push(), spec())) == []


def test_a_job_that_wants_all_gets_all_of_the_repository_and_none_of_an_environment() -> None:
    secrets = [
        *(stored("TOKEN"), stored("OTHER"), stored("KEY", "staging")),
        stored("app/token", store=AWS),
    ]
    asked = replace(ASKING, all_secrets=True)
    assert given(choose(secrets, push(), asked)) == [("TOKEN", ""), ("OTHER", "")]


def test_of_all_those_that_are_withheld_are_left_out() -> None:
    secrets = [stored("TOKEN"), stored("OTHER", branches=MAIN)]
    asked = spec(all_secrets=True)
    assert given(choose(secrets, push(branch="topic"), asked)) == [("TOKEN", "")]
    assert given(choose(secrets, pull_request(), asked)) == []
    assert given(choose(secrets, push(), asked, "A stranger.")) == []


def test_a_secret_that_was_refused_does_not_come_with_all() -> None:
    secrets = [stored("TOKEN", "tests"), stored("TOKEN")]
    asked = deployment("tests", secrets=(Secret("TOKEN"),), all_secrets=True)
    choice = choose(secrets, push(branch="topic"), asked)
    assert choice.grants == () and len(choice.lacks) == 1


def test_a_deployment_gets_those_of_its_own_environment_too() -> None:
    secrets = [stored("TOKEN"), stored("KEY", "staging"), stored("KEY", "live")]
    asked = deployment("staging", secrets=(Secret("TOKEN"),))
    assert given(choose(secrets, push(), asked)) == [("TOKEN", ""), ("KEY", "staging")]


def test_the_environments_secret_goes_before_the_repositorys_of_the_same_name() -> None:
    secrets = [stored("TOKEN"), stored("TOKEN", "staging")]
    named = deployment("staging", secrets=(Secret("TOKEN"),))
    for asked in (named, deployment("staging"), deployment("staging", all_secrets=True)):
        assert given(choose(secrets, push(), asked)) == [("TOKEN", "staging")]
    # Not made up for by the other one, where the rules withhold it.
    assert "It is for the default branch" in lack(choose(secrets, push(branch="topic"), named))


def test_a_check_never_gets_an_environments_secret_also_under_its_name() -> None:
    choice = choose([stored("TOKEN", "tests")], push(), replace(ASKING, all_secrets=True))
    assert choice.grants == ()
    assert lack(choice) == (
        "The secret TOKEN is stored for tests alone. Set it with `dishwasher secrets set TOKEN "
        "--repository acme/site`."
    )


def test_what_is_not_stored_is_said_with_the_command_that_stores_it() -> None:
    choice = choose([stored("TOKENS")], push(), ASKING)
    assert lack(choice) == (
        "The secret TOKEN is not stored. Set it with `dishwasher secrets set TOKEN "
        "--repository acme/site`."
    )
    assert choice.lacks[0].line == 8
    asked = deployment("staging", secrets=(Secret("TOKEN"),))
    assert lack(choose([], push(), asked)).endswith(
        "--repository acme/site --environment staging`."
    )
    parameter = spec(secrets=(Secret("TOKEN", SecretStore.PARAMETER_STORE, "/app/token"),))
    assert lack(choose([], push(), parameter)) == (
        "The secret TOKEN (/app/token of parameter-store) is not stored. Set it with `dishwasher "
        "secrets set /app/token --repository acme/site --store parameter-store`."
    )


def test_what_is_withheld_says_why_and_what_would_allow_it() -> None:
    assert lack(choose([stored("TOKEN", branches=MAIN)], push(branch="topic"), ASKING)) == (
        "The secret TOKEN is withheld. It is for the branches main, which leaves out this branch. "
        "`dishwasher secrets allow TOKEN --repository acme/site --branch PATTERN` names others."
    )
    assert lack(choose([stored("TOKEN")], pull_request(), ASKING)) == (
        "The secret TOKEN is withheld. It is not for pull requests. `dishwasher secrets allow "
        "TOKEN --repository acme/site --pull-requests` lets this one have it."
    )
    open_to_main = stored("TOKEN", branches=MAIN, pull_requests=True)
    assert "--branch PATTERN" in lack(choose([open_to_main], pull_request(), ASKING))
    of_staging = choose([stored("KEY", "staging")], push(branch="topic"), deployment("staging"))
    assert "--environment staging --branch PATTERN" in lack(of_staging)


def test_a_stranger_is_told_neither_what_is_stored_nor_how_to_allow_it() -> None:
    why = "The pull request comes from a fork."
    told = lack(choose([stored("TOKEN", pull_requests=True)], pull_request(), ASKING, why))
    assert told == f"The secret TOKEN is withheld. {why} Such a commit gets no secrets."
    assert told == lack(choose([], pull_request(), ASKING, why))


def test_a_forks_event_gets_nothing_also_where_nobody_has_said_that_it_is_one() -> None:
    request = PullRequest(5, "topic", 666, "main", BASE_SHA)
    event: Event = replace(pull_request(), pull_request=request)
    choice = choose([stored("TOKEN", pull_requests=True)], event, ASKING)
    assert choice.grants == () and "comes from a fork" in lack(choice)


@pytest.mark.parametrize("name", ["$(reboot)", "a b", "`x`", "--help", "a\nb"])
def test_words_of_what_was_pushed_never_stand_in_a_command_to_copy(name: str) -> None:
    parameter = spec(secrets=(Secret("TOKEN", SecretStore.PARAMETER_STORE, name),))
    assert "`dishwasher secrets set NAME --repository" in lack(choose([], push(), parameter))
    asked = deployment(name, secrets=(Secret("TOKEN"),))
    assert "--environment ENVIRONMENT`" in lack(choose([], push(), asked))


def test_secrets_manager_is_asked_by_its_id_and_has_its_current_version() -> None:
    kept = [stored("app/token", store=AWS)]
    asked = spec(secrets=(Secret("TOKEN", AWS, "app/token:password:AWSCURRENT"),))
    (grant,) = choose(kept, push(), asked).grants
    assert (grant.variable, grant.key) == ("TOKEN", "password")
    for reference in ("app/token::AWSPREVIOUS", "app/token:::AWSPREVIOUS"):
        older = spec(secrets=(Secret("TOKEN", AWS, reference),))
        assert lack(choose(kept, push(), older)) == (
            "The secret TOKEN (app/token of secrets-manager) is kept in its current version "
            "alone, and not as AWSPREVIOUS."
        )


def test_two_variables_may_be_parts_of_one_secret() -> None:
    asked = spec(secrets=(Secret("USER", AWS, "db:user"), Secret("PASSWORD", AWS, "db:password")))
    grants = choose([stored("db", store=AWS)], push(), asked).grants
    values = ['{"user": "ann", "password": "hunter2"}'] * 2
    assert deliver(grants, values) == ((("USER", "ann"), ("PASSWORD", "hunter2")), ())


def test_a_part_that_is_not_there_is_said_without_the_value() -> None:
    asked = spec(line=3, secrets=(Secret("USER", AWS, "db:user"), Secret("WORD", AWS, "db:word")))
    grants = choose([stored("db", store=AWS)], push(), asked).grants
    assert [grant.line for grant in grants] == [3, 3]
    given, lacks = deliver(grants, ["hunter2", '{"word": ""}'])
    assert given == ()
    assert [one.sentence for one in lacks] == [
        "The secret USER can not be had: `user` is no key of it; its value must be a JSON object.",
        "The secret WORD can not be had. It is empty.",
    ]


def test_a_job_gets_no_more_than_a_program_can_take() -> None:
    secrets = [stored(f"TOKEN_{number}") for number in range(22)]
    grants = choose(secrets, push(), spec(all_secrets=True)).grants
    _, lacks = deliver(grants, ["x" * 48_000] * 22)
    assert lacks[0].sentence == (
        "Its 22 secrets together have 1,056,000 bytes, and a job can take 1,048,576. Remove some."
    )
    assert deliver(grants[:21], ["x" * 48_000] * 21)[1] == ()


@pytest.mark.parametrize(
    ("asked", "wants"),
    [(spec(), False), (ASKING, True), (spec(all_secrets=True), True), (deployment(), True)],
)
def test_the_vault_is_opened_only_for_those_who_want_something(asked: JobSpec, wants: bool) -> None:
    assert wants_some(asked) is wants
