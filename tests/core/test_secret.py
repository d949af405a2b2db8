"""Whom a secret is for, rule by rule, and what can be one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.event import Event, EventKind, PullRequest
from dishwasher.core.outputs import SecretStore
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.secret import (
    ENVIRONMENT,
    REFERENCE,
    VALUE_BYTES,
    Rules,
    Slot,
    StoredSecret,
    described,
    environment_problem,
    name_problem,
    value_problem,
    withheld,
)

from tests.samples import BASE_SHA, REPOSITORY, pull_request, push

ANY = Filter((Pattern("**", Syntax.GLOB),))
MAIN = Filter((Pattern("main"),))
RELEASES = Filter((Pattern("v*", Syntax.GLOB),))


def secret(environment: str = "", **rules: object) -> StoredSecret:
    slot = Slot(REPOSITORY.id, "TOKEN", environment)
    return StoredSecret(slot, Rules(**rules), 1.0)  # type: ignore[arg-type]


def tag(name: str) -> Event:
    return push(branch="", tag=name)


def fork(**values: object) -> Event:
    request = PullRequest(5, "main", 666, "main", BASE_SHA)
    return replace(pull_request(), branch="main", pull_request=request, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", [push(), push(branch="topic"), tag("v1")])
def test_a_repositorys_secret_is_for_every_branch_and_tag(event: Event) -> None:
    assert withheld(secret(), event, "") == ""


def test_an_environments_secret_is_for_the_default_branch() -> None:
    assert withheld(secret("staging"), push(branch="main"), "") == ""
    assert "leaves out this branch" in withheld(secret("staging"), push(branch="topic"), "")
    assert "leaves out this tag" in withheld(secret("staging"), tag("main"), "")


@pytest.mark.parametrize("environment", ["", "staging"])
def test_branches_and_tags_that_are_named_are_the_only_ones(environment: str) -> None:
    branches = secret(environment, branches=MAIN)
    assert withheld(branches, push(branch="main"), "") == ""
    assert withheld(branches, push(branch="mains"), "") != ""
    assert withheld(branches, tag("main"), "") != ""
    tags = secret(environment, tags=RELEASES)
    assert withheld(tags, tag("v1"), "") == ""
    assert withheld(tags, tag("w1"), "") != ""
    assert withheld(tags, push(branch="v1"), "") != ""
    both = secret(environment, branches=MAIN, tags=RELEASES)
    assert withheld(both, push(branch="main"), "") == withheld(both, tag("v1"), "") == ""


def test_an_event_without_a_ref_passes_no_rule_about_refs() -> None:
    nowhere = push(kind=EventKind.MANUAL, branch="")
    assert withheld(secret(branches=ANY, tags=ANY), nowhere, "") != ""
    assert withheld(secret("staging"), nowhere, "") != ""
    assert withheld(secret(), nowhere, "") == ""


def test_a_pull_request_gets_it_only_where_the_secret_says_so() -> None:
    assert withheld(secret(), pull_request(), "") == "It is not for pull requests."
    assert withheld(secret(pull_requests=True), pull_request(), "") == ""


def test_a_pull_request_counts_as_its_head_branch_and_not_as_what_it_is_for() -> None:
    assert withheld(secret(branches=MAIN, pull_requests=True), pull_request(), "") != ""
    topics = Filter((Pattern("topic"),))
    assert withheld(secret(branches=topics, pull_requests=True), pull_request(), "") == ""
    assert withheld(secret("staging", pull_requests=True), pull_request(), "") != ""


def test_a_fork_never_gets_it_whatever_the_secret_says() -> None:
    generous = secret(branches=ANY, pull_requests=True)
    assert (
        withheld(generous, fork(), "") == "The pull request comes from a fork, and gets no secrets."
    )
    gone = replace(fork(), pull_request=PullRequest(5, "main", None, "main", BASE_SHA))
    assert "fork" in withheld(generous, gone, "")
    # Nor when somebody of the team has it run again.
    assert "fork" in withheld(generous, fork(rerun=True), "")


def test_a_commit_that_is_not_trusted_never_gets_it_whatever_the_event() -> None:
    generous = secret(branches=ANY, pull_requests=True)
    why = "The head branch no longer stands at this commit."
    for event in (push(), pull_request()):
        assert withheld(generous, event, why) == f"{why} Such a commit gets no secrets."


def test_another_repository_never_gets_it_also_under_the_same_name() -> None:
    other = push(repository=replace(REPOSITORY, id=8))
    assert withheld(secret(), other, "") == "It belongs to another repository."


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (secret(), "every branch and tag"),
        (secret("staging"), "the default branch"),
        (secret(branches=MAIN), "the branches main"),
        (secret(tags=RELEASES, branches=MAIN), "the branches main and the tags v*"),
        (secret(pull_requests=True), "every branch and tag and pull requests"),
        (
            secret(branches=MAIN, tags=RELEASES, pull_requests=True),
            "the branches main, the tags v* and pull requests of these branches",
        ),
    ],
)
def test_whom_it_is_for_is_said_in_words(stored: StoredSecret, words: str) -> None:
    assert described(stored) == words


def test_two_secrets_are_the_same_whenever_they_were_used() -> None:
    assert secret() == replace(secret(), used_at=5.0)
    assert secret() != replace(secret(), set_at=5.0)


@pytest.mark.parametrize("name", ["TOKEN", "_t0", "a"])
def test_a_secret_is_named_like_a_variable(name: str) -> None:
    assert name_problem(SecretStore.DISHWASHER, name) == ""


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=x", "Ä", "A\n", "A" * 256])
def test_what_can_be_no_variable_is_no_name(name: str) -> None:
    assert "is a variable" in name_problem(SecretStore.DISHWASHER, name)


def test_the_servers_own_variables_can_not_be_replaced() -> None:
    assert "server's own" in name_problem(SecretStore.DISHWASHER, "DISHWASHER_SHA")


@pytest.mark.parametrize("store", [SecretStore.PARAMETER_STORE, SecretStore.SECRETS_MANAGER])
def test_the_stores_of_aws_have_names_of_their_own(store: SecretStore) -> None:
    assert name_problem(store, "/app/token") == name_problem(store, "x" * REFERENCE) == ""
    for name in ("", "a b", "é", "x" * (REFERENCE + 1), "a\n"):
        assert str(store) in name_problem(store, name)


def test_an_environment_is_named_like_a_deployment() -> None:
    assert environment_problem("") == environment_problem("staging (eu)") == ""
    for name in ("a\nb", "\udcff", "x" * (ENVIRONMENT + 1)):
        assert "like a deployment" in environment_problem(name)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x", ""),
        ("é" * (VALUE_BYTES // 2), ""),
        ("", "It is empty."),
        ("a\0b", "It holds what no variable can"),
        ("\ud800", "It holds what no variable can"),
        ("é" * (VALUE_BYTES // 2 + 1), "It has 49,154 bytes, and at most 49,152 are kept."),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_value_is_text_of_a_limited_size(value: str, problem: str) -> None:
    found = value_problem(value)
    assert found.startswith(problem) and bool(found) == bool(problem)
