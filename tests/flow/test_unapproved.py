"""A stranger's pull request: built at once, with nothing that is the team's.

https://codeql.github.com/codeql-query-help/actions/ and github.md section 8 tell what others lost.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.event import Event, PullRequest
from dishwasher.core.job import Reason
from dishwasher.core.outputs import SecretStore
from dishwasher.core.secret import Rules, Slot, StoredSecret
from dishwasher.core.ticket import Ticket
from dishwasher.errors import Refused, UserError

from tests.flow.house import CHECKS, CONFIG, CONFIG_PATH, House
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, from_fork, pull_request, push, rerun


@pytest.fixture
def house() -> House:
    return House(CHECKS)


def ticket(house: House, event: Event, name: str = "lint") -> Ticket:
    return house.claimed(house.jobs(house.planned(event))[name]).ticket


def deleted_fork() -> Event:
    event = from_fork()
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, head_repository=None))


# The ticket


def test_the_runner_of_a_fork_is_told_not_to_trust_it(house: House) -> None:
    assert not ticket(house, from_fork()).trusted


def test_a_fork_that_was_deleted_is_no_less_a_stranger(house: House) -> None:
    assert not ticket(house, deleted_fork()).trusted


def test_a_pull_request_of_the_team_is_trusted(house: House) -> None:
    assert ticket(house, pull_request()).trusted


def test_a_push_is_trusted(house: House) -> None:
    assert ticket(house, push()).trusted


def test_a_fork_gets_a_token_for_this_one_repository(house: House) -> None:
    token = ticket(house, from_fork()).source.token
    assert house.forge.tokens[token] == REPOSITORY.id


@pytest.mark.parametrize("branch", ["main", "topic"])
def test_a_fork_s_branch_is_told_as_a_pull_request(house: House, branch: str) -> None:
    told = dict(ticket(house, replace(from_fork(), branch=branch)).environment)
    assert told["DISHWASHER_BRANCH"] == "pull/5"


def test_a_re_run_of_a_fork_is_trusted_no_more_than_the_first(house: House) -> None:
    lint = house.ended(house.jobs(house.planned(from_fork()))["lint"], Reason.FAILED)
    assert not ticket(house, rerun(lint.id)).trusted


# Secrets and deployments


def secret(house: House, **rules: bool) -> None:
    slot = Slot(REPOSITORY.id, "TOKEN", "", SecretStore.DISHWASHER)
    house.vault.put(StoredSecret(slot, Rules(pull_requests=True), 1.0), "canary-value")


@pytest.mark.parametrize("event", [from_fork(), deleted_fork()])
def test_a_job_of_a_fork_that_names_a_secret_is_refused(event: Event) -> None:
    house = House(b"checks:\n  lint: {run: flake8, secrets: [TOKEN]}\n")
    secret(house)
    job = house.jobs(house.planned(event))["lint"]
    with pytest.raises(Refused, match=r"withheld\. The pull request comes from a fork"):
        house.claimed(job)
    assert house.job(job).reason is Reason.REFUSED


def test_a_job_of_the_team_that_names_it_gets_it() -> None:
    house = House(b"checks:\n  lint: {run: flake8, secrets: [TOKEN]}\n")
    secret(house)
    assert dict(ticket(house, pull_request()).secrets) == {"TOKEN": "canary-value"}


def doubtful() -> Event:
    """A branch of this repository that stands elsewhere."""
    return pull_request(sha=OTHER_SHA, branch="topic")


@pytest.mark.parametrize(
    "event",
    [
        *(from_fork(), deleted_fork(), doubtful(), pull_request(bots=(5,))),
        *(replace(from_fork(), branch=name) for name in ("main", "topic")),
        replace(from_fork(), rerun=True),
        replace(from_fork(), bots=(5,)),
    ],
)
def test_no_shape_of_a_stranger_gets_a_secret_that_every_job_has(event: Event) -> None:
    """A circle.yml's jobs have all secrets of the repository, without naming one."""
    house, teams = House(None), House(None)
    for one in (house, teams):
        for sha in (BASE_SHA, SHA, OTHER_SHA):
            one.there.files[sha]["circle.yml"] = b"test: {override: [make test]}\n"
        secret(one)
    assert dict(ticket(teams, pull_request(), "build").secrets)
    house.deliver(event)
    house.clock.advance(200)
    house.plan("delivery-1")
    build = house.build(house.delivery("delivery-1").build)
    given = house.claimed(house.jobs(build)["build"]).ticket
    assert (given.secrets, given.trusted) == ((), False)


def test_a_fork_never_deploys() -> None:
    house = House(CONFIG)
    house.there.files[SHA][CONFIG_PATH] = CONFIG.replace(b"branch: main", b"branch: topic")
    jobs = house.jobs(house.planned(from_fork()))
    assert {job.spec.kind for job in jobs.values()} == {Kind.CHECK}


# Its own configuration


def told(build: Build) -> str:
    return "\n".join(build.notes)


def test_a_stranger_is_told_how_it_is_built(house: House) -> None:
    assert house.planned(from_fork()).notes == (
        "The pull request comes from a fork. It is built in a jail, without secrets.",
    )


def test_a_changed_configuration_is_shown_and_not_used(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = b"checks:\n  evil: steal\n"
    build = house.planned(from_fork())
    assert list(house.jobs(build)) == ["lint"]
    assert build.notes[1:] == (
        "This pull request changes .dishwasher.yml; it takes effect when it is approved or "
        "merged. It would add evil and remove lint.",
        f"Someone with write permission approves it by the comment /approve {SHA}",
    )


def test_what_waits_for_approval_is_said_in_each_check_and_how_it_is_built_in_one() -> None:
    house = House(CONFIG)
    house.there.files[SHA][CONFIG_PATH] = CHECKS
    build = house.planned(from_fork())
    house.reports(build.id)
    lint, tests = (house.run(name).shown.summary.replace("\\", "") for name in ("lint", "tests"))
    for said in (lint, tests):
        assert "This pull request changes .dishwasher.yml; it takes effect when" in said
        assert f"by the comment /approve {SHA}" in said
    house.ended(house.jobs(build)["lint"])
    house.ended(house.jobs(build)["tests"])
    house.reports(build.id)
    lint, tests = (house.run(name).shown.summary.replace("\\", "") for name in ("lint", "tests"))
    assert "It would remove tests" in lint and "It would remove tests" in tests
    assert "in a jail" in lint and "in a jail" not in tests
    # It is no reason to write a comment.
    assert house.talk.comments(REPOSITORY, 5) == ()


def test_what_waits_for_approval_is_said_in_a_comment_that_is_there_anyhow() -> None:
    house = House(CHECKS)
    house.there.files[SHA][CONFIG_PATH] = CONFIG
    build = house.planned(from_fork())
    house.ended(house.jobs(build)["lint"], Reason.FAILED)
    house.reports(build.id)
    (comment,) = house.talk.comments(REPOSITORY, 5)
    said = comment.body.replace("\\", "")
    assert "It would add tests, staging." in said and f"/approve {SHA}" in said


def test_many_jobs_that_are_added_are_counted(house: House) -> None:
    more = b"".join(b"  job%d: a\n" % number for number in range(8))
    house.there.files[SHA][CONFIG_PATH] = CHECKS + more
    assert "It would add job0, job1, job2, job3, job4 and 3 more." in told(
        house.planned(from_fork())
    )


def test_a_change_of_a_command_alone_is_shown(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = b"checks:\n  lint: steal\n"
    build = house.planned(from_fork())
    assert build.notes[1].endswith("takes effect when it is approved or merged.")
    assert house.jobs(build)["lint"].spec.steps[0].command == "flake8"


def test_a_change_with_mistakes_is_shown_as_one(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = b"checks: [\n"
    assert "As it is, .dishwasher.yml has mistakes." in told(house.planned(from_fork()))


def test_a_configuration_that_is_removed_is_a_change(house: House) -> None:
    house.there.files[SHA].clear()
    assert "It would remove lint." in told(house.planned(from_fork()))


def test_a_file_that_would_come_first_is_a_change() -> None:
    house = House(None)
    for sha in (BASE_SHA, SHA):
        house.there.files[sha]["circle.yml"] = b"test: {override: [make test]}\n"
    house.there.files[SHA][CONFIG_PATH] = CHECKS
    assert "This pull request changes .dishwasher.yml;" in told(house.planned(from_fork()))


def test_a_file_that_would_not_count_is_none(house: House) -> None:
    house.there.files[SHA]["circle.yml"] = b"test: {override: [steal]}\n"
    assert len(house.planned(from_fork()).notes) == 1


def test_where_both_have_no_file_nothing_is_said_of_one() -> None:
    house = House(None)
    for sha in (BASE_SHA, SHA):
        house.there.files[sha]["tox.ini"] = b"[tox]\nenvlist = py3\n"
    assert not any("takes effect" in note for note in house.planned(from_fork()).notes)


class Unreadable:
    """A source that can not read a file at one commit."""

    def __init__(self, house: House, sha: str) -> None:
        self._house, self._sha = house, sha

    def file(self, repository: object, path: str, sha: str) -> bytes | None:
        if sha == self._sha:
            raise UserError("it is larger than a megabyte")
        return self._house.forge.file(REPOSITORY, path, sha)

    def __getattr__(self, name: str) -> object:
        return getattr(self._house.forge, name)


def test_a_configuration_that_can_not_be_read_is_a_change(house: House) -> None:
    house.deliver(from_fork())
    replace(house.plan, source=Unreadable(house, SHA))("delivery-1")  # type: ignore[arg-type]
    build = house.build(house.delivery("delivery-1").build)
    assert "As it is, .dishwasher.yml has mistakes." in told(build)


def test_the_team_s_own_change_counts_at_once(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = b"checks:\n  ours: make\n"
    build = house.planned(pull_request())
    assert (list(house.jobs(build)), build.notes) == (["ours"], ())


def test_a_commit_elsewhere_that_is_shown_as_ours_is_a_stranger_s(house: House) -> None:
    """A pull request can name a commit of a fork as the head of a branch here."""
    house.there.branches["topic"] = OTHER_SHA
    house.there.files[SHA][CONFIG_PATH] = b"checks:\n  evil: steal\n"
    house.deliver(pull_request())
    house.clock.advance(200)
    house.plan("delivery-1")
    build = house.build(house.delivery("delivery-1").build)
    assert (list(house.jobs(build)), build.is_trusted) == (["lint"], False)


def test_a_bot_s_pull_request_is_a_stranger_s_unless_it_is_listed(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = b"checks:\n  own: make\n"
    strange = house.planned(pull_request(bots=(5,)))
    assert (list(house.jobs(strange)), strange.is_trusted) == (["lint"], False)
    assert "bot that is not listed" in strange.notes[0]
    house.deliver(pull_request(bots=(5,), delivery="delivery-2"))
    replace(house.plan, bots=frozenset({5}))("delivery-2")
    listed = house.build(house.delivery("delivery-2").build)
    assert (list(house.jobs(listed)), listed.is_trusted) == (["own"], True)


def test_a_branch_that_asks_for_less_does_not_check_for_one_that_asks_for_more(
    house: House,
) -> None:
    """The same commit, merged into either, is the same tree; what counts is whose checks ran."""
    lax, head = "1" * 40, "2" * 40
    asked = house.there.files[BASE_SHA]
    house.there.files[lax] = {CONFIG_PATH: b"checks: {lint: 'true'}\n"}
    house.there.files[head] = {**asked, "evil.py": b"1"}
    house.there.parents |= {lax: (BASE_SHA,), head: (lax, BASE_SHA)}
    house.there.branches["lax"] = lax
    request = PullRequest(5, "topic", 99, "lax", lax)
    first = house.planned(from_fork(sha=head, pull_request=request))
    assert house.jobs(first)["lint"].spec.steps[0].command == "true"
    house.there.pulls[5].base_ref, house.there.pulls[5].base_sha = "main", BASE_SHA
    moved = replace(request, base_ref="main", base_sha=BASE_SHA, head_repository=99)
    edited = replace(from_fork(sha=head, action="edited"), pull_request=moved, delivery="edited-1")
    again = house.planned(edited)
    assert again.id != first.id
    assert house.jobs(again)["lint"].spec.steps[0].command == "flake8"
