"""What a runner may say, and that nobody else is heard (24, 53, and rule 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from dishwasher.core.build import Build
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.event import Repository
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.lifecycle import INFRA_RETRIES
from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.result import Artifact, PhaseResult, Progress, log_key, progress_key
from dishwasher.core.ticket import PROTOCOL, UploadRequest
from dishwasher.errors import Conflict, Fault, Gone, InfraError, Refused, UserError
from dishwasher.flow.attempt import LOG_MARGIN
from dishwasher.flow.dispatch import digest
from dishwasher.ports import Source, Topic

from tests.fakes.forge import Trouble
from tests.flow.house import House, page
from tests.samples import SHA, commands, pull_request, push

ARTIFACT = Artifact("docs/index.html", 100, "0" * 64)


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  lint: {run: [flake8, mypy], annotate: flake8, artifacts: out/*}\n")


@pytest.fixture
def lint(house: House) -> Job:
    return house.jobs(house.planned(push(branch="topic")))["lint"]


def test_a_ticket_tells_whether_the_build_has_other_jobs() -> None:
    house = House(b"checks: {lint: flake8, tests: pytest}\n")
    jobs = house.jobs(house.planned(push(branch="topic")))
    assert not house.claimed(jobs["lint"]).ticket.alone


def test_a_code_buys_the_ticket_once(house: House, lint: Job) -> None:
    claimed = house.claimed(lint)
    ticket = claimed.ticket
    assert (ticket.protocol, ticket.job, ticket.attempt) == (PROTOCOL, lint.id, 1)
    assert (ticket.spec.name, commands(ticket.spec)) == ("lint", ("flake8", "mypy"))
    assert ticket.alone
    assert ticket.spec.annotate == ("flake8",)
    assert ticket.spec.artifacts == (ArtifactSet(("out/*",)),)
    assert (ticket.source.url, ticket.source.sha) == ("https://forge.invalid/acme/site.git", SHA)
    assert house.forge.tokens == {ticket.source.token: 7}
    assert house.job(lint).token == digest(claimed.token) != claimed.token
    assert dict(ticket.environment) == {
        "DISHWASHER_JOB": "lint",
        "DISHWASHER_JOB_URL": page(lint.id),
        "DISHWASHER_BUILD": lint.build,
        "DISHWASHER_REPOSITORY": "acme/site",
        "DISHWASHER_BRANCH": "topic",
        "DISHWASHER_TAG": "",
        "DISHWASHER_SHA": SHA,
        "DISHWASHER_MERGE_SHA": "",
        "DISHWASHER_PULL_REQUEST": "",
    }
    with pytest.raises(Refused, match="not this attempt's key"):
        house.attempts.claim(f"{lint.id}.1", house.fleet.started[0].code)


def test_a_ticket_names_the_pull_request(house: House) -> None:
    one = house.jobs(house.planned(pull_request()))["lint"]
    assert dict(house.claimed(one).ticket.environment)["DISHWASHER_PULL_REQUEST"] == "5"


def test_a_ticket_tells_the_repository_by_number_and_where_its_tarball_is(
    house: House, lint: Job
) -> None:
    source = house.claimed(lint).ticket.source
    assert source.repository == 7
    assert source.tarball == f"https://api.forge.invalid/repos/acme/site/tarball/{SHA}"


def test_a_ticket_carries_what_the_server_knows(house: House, lint: Job) -> None:
    facts = dict(house.claimed(lint).ticket.facts)
    assert (facts["branch"], facts["sha"], facts["attempt"]) == ("topic", SHA, "1")
    assert facts["repository_url"] == "https://forge.invalid/acme/site"
    assert facts["build_url"] == page(lint.id)
    assert facts["start_ms"] == str(int(house.clock.now() * 1000))


def test_inputs_are_variables_that_can_not_hide_our_own(house: House, lint: Job) -> None:
    build = house.build(lint.build)
    inputs = (("COLOUR", "red"), ("DISHWASHER_SHA", "another"))
    house.store.save(replace(build, event=replace(build.event, inputs=inputs)))
    environment = dict(house.claimed(lint).ticket.environment)
    assert (environment["COLOUR"], environment["DISHWASHER_SHA"]) == ("red", SHA)


@pytest.mark.parametrize(("own", "seconds"), [(0.0, 3600.0), (60.0, 60.0), (1e6, 3600.0)])
def test_a_job_may_ask_for_less_time_than_the_server_gives(
    house: House, lint: Job, own: float, seconds: float
) -> None:
    house.store.save(replace(house.job(lint), spec=replace(lint.spec, timeout=own)))
    assert house.claimed(lint).ticket.limits.job_seconds == seconds


def test_the_code_is_still_good_when_github_has_failed(house: House, lint: Job) -> None:
    house.dispatch(lint.id)
    house.forge.plan("clone_token", Trouble.BEFORE)
    bootstrap = house.fleet.started[0]
    with pytest.raises(InfraError):
        house.attempts.claim(bootstrap.attempt, bootstrap.code)
    assert house.attempts.claim(bootstrap.attempt, bootstrap.code).token


def test_a_repository_that_can_not_be_fetched_is_told_as_the_cause(house: House, lint: Job) -> None:
    house.forge.shut.add(3)
    for _ in range(INFRA_RETRIES + 1):
        with pytest.raises(Gone):
            house.claimed(lint)
    # Not when a runner would have been late, but at once.
    assert house.job(lint).reason is Reason.INFRA
    assert house.job(lint).detail.endswith("clone_token: this installation has been suspended.")
    with pytest.raises(Refused):
        house.attempts.claim(house.fleet.started[-1].attempt, house.fleet.started[-1].code)


def test_who_is_let_in_again_fetches_it_at_the_next_attempt(house: House, lint: Job) -> None:
    house.forge.shut.add(3)
    with pytest.raises(Gone):
        house.claimed(lint)
    house.forge.shut.clear()
    assert house.claimed(lint).ticket.attempt == 2


class Late:
    """GitHub, which answers a claim when the same runner's second claim has been served."""

    def __init__(self, between: Callable[[], object]) -> None:
        self._between = between

    def clone_token(self, repository: Repository) -> str:
        self._between()
        raise Gone("the repository is out of reach")


def test_a_claim_that_ends_late_takes_the_job_from_nobody(house: House, lint: Job) -> None:
    """Seed 60963."""
    house.dispatch(lint.id)
    first = house.fleet.started[0]

    def meanwhile() -> None:
        claimed = house.attempts.claim(first.attempt, first.code)
        house.attempts.started(first.attempt, claimed.token, "")

    late = replace(house.attempts, source=cast(Source, Late(meanwhile)))
    with pytest.raises(Refused, match="used meanwhile"):
        late.claim(first.attempt, first.code)
    assert house.job(lint).state is State.RUNNING


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        ("{job}.2", "this attempt is over"),
        ("{job}.0", "this attempt is over"),
        ("other-0.1", "no such attempt"),
        ("nonsense", "not the id of an attempt"),
    ],
)
def test_a_code_is_good_for_its_attempt_alone(
    house: House, lint: Job, attempt: str, why: str
) -> None:
    house.dispatch(lint.id)
    with pytest.raises(Refused, match=why):
        house.attempts.claim(attempt.format(job=lint.id), house.fleet.started[0].code)


@pytest.mark.parametrize("code", ["", "wrong", "é"])
def test_a_wrong_code_is_refused(house: House, lint: Job, code: str) -> None:
    house.dispatch(lint.id)
    with pytest.raises(Refused, match="not this attempt's key"):
        house.attempts.claim(f"{lint.id}.1", code)


def test_the_start_is_shown_and_gives_the_source_token_back(house: House, lint: Job) -> None:
    claimed = house.claimed(lint)
    house.rung(Topic.REPORTS)
    source_token = claimed.ticket.source.token
    for _ in range(2):
        house.attempts.started(f"{lint.id}.1", claimed.token, source_token)
    assert house.job(lint).state is State.RUNNING
    assert house.forge.tokens == {}
    assert house.rung(Topic.REPORTS) == [lint.build]


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER, Trouble.GONE])
def test_a_token_that_can_not_be_given_back_does_not_stop_the_job(
    house: House, lint: Job, trouble: Trouble
) -> None:
    claimed = house.claimed(lint)
    house.forge.plan("revoke", trouble)
    house.attempts.started(f"{lint.id}.1", claimed.token, claimed.ticket.source.token)
    assert house.job(lint).state is State.RUNNING


def test_the_words_of_an_attempt_that_was_given_up_change_nothing(house: House, lint: Job) -> None:
    claimed = house.claimed(lint)
    attempts, id = house.attempts, f"{lint.id}.1"
    house.clock.advance(house.timing.start)
    house.reap()
    after = house.job(lint)
    assert after.state is State.QUEUED
    for word in (
        lambda: attempts.started(id, claimed.token, ""),
        lambda: attempts.beat(id, claimed.token, Progress()),
        lambda: attempts.log(id, claimed.token, 0, b"late"),
        lambda: attempts.uploads(id, claimed.token, UploadRequest((ARTIFACT,))),
        lambda: attempts.authorised(id, claimed.token),
    ):
        with pytest.raises(Refused, match="this attempt is over"):
            word()
    assert house.job(lint) == after
    assert house.blobs.get(log_key(id)) is None


def test_only_the_attempts_own_token_is_heard(house: House, lint: Job) -> None:
    token = house.started(lint)
    for wrong in ("", "wrong", digest(token), house.fleet.started[0].code):
        with pytest.raises(Refused, match="not this attempt's key"):
            house.attempts.beat(f"{lint.id}.1", wrong, Progress())


def test_a_start_that_loses_against_the_reaper_is_no_start(house: House, lint: Job) -> None:
    claimed = house.claimed(lint)
    house.store.interrupt(lambda: house.reap.ended(f"{lint.id}.1"))
    with pytest.raises(Conflict):
        house.attempts.started(f"{lint.id}.1", claimed.token, "")
    with pytest.raises(Refused):
        house.attempts.started(f"{lint.id}.1", claimed.token, "")
    assert house.job(lint).started == 0


def test_a_beat_renews_the_lease_and_shows_the_phases(house: House, lint: Job) -> None:
    token = house.started(lint)
    house.clock.advance(20)
    progress = Progress((PhaseResult("build"),))
    assert not house.attempts.beat(f"{lint.id}.1", token, progress).cancel
    assert house.job(lint).deadline == house.clock.now() + house.timing.lease
    kept = house.blobs.get(progress_key(f"{lint.id}.1"))
    assert kept is not None
    assert b'"name":"build"' in kept


def test_a_beat_brings_the_word_to_stop(house: House, lint: Job) -> None:
    token = house.started(lint)
    house.store.save(replace(house.job(lint), cancel=True))
    assert house.attempts.beat(f"{lint.id}.1", token, Progress()).cancel


def test_a_beat_that_comes_with_the_end_of_its_attempt_is_refused(house: House, lint: Job) -> None:
    token = house.started(lint)
    house.clock.advance(1)
    house.store.interrupt(lambda: house.reap.ended(f"{lint.id}.1"))
    with pytest.raises(Refused, match="this attempt is over"):
        house.attempts.beat(f"{lint.id}.1", token, Progress())


def test_a_log_is_written_by_offset_and_a_repeated_chunk_is_harmless(
    house: House, lint: Job
) -> None:
    token, id = house.started(lint), f"{lint.id}.1"
    assert house.attempts.log(id, token, 0, b"hello ").offset == 6
    assert house.attempts.log(id, token, 0, b"hello ").offset == 6
    assert house.attempts.log(id, token, 9, b"lost").offset == 6
    assert house.attempts.log(id, token, 3, b"lo world").offset == 11
    assert house.blobs.get(log_key(id)) == b"hello world"


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (1000 + LOG_MARGIN, 1)])
def test_a_log_ends_at_its_limit(house: House, lint: Job, offset: int, size: int) -> None:
    token = house.started(lint)
    with pytest.raises(UserError, match="longer than its limit"):
        house.attempts.log(f"{lint.id}.1", token, offset, b"x" * size)
    assert house.attempts.log(f"{lint.id}.1", token, 0, b"x" * (1000 + LOG_MARGIN)).offset


def test_artifacts_are_uploaded_below_their_attempt(house: House, lint: Job) -> None:
    token = house.started(lint)
    answer = house.attempts.uploads(f"{lint.id}.1", token, UploadRequest((ARTIFACT,)))
    (upload,) = answer.uploads
    assert upload.path == "docs/index.html"
    assert upload.url.startswith("http://memory.invalid/uploads/")


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ((ARTIFACT, ARTIFACT, ARTIFACT), UserError),
        ((replace(ARTIFACT, size=1001),), UserError),
        ((replace(ARTIFACT, size=600), replace(ARTIFACT, size=600)), UserError),
        ((replace(ARTIFACT, size=-1),), UserError),
        ((replace(ARTIFACT, path="../result.json"),), Refused),
        ((replace(ARTIFACT, path="/etc/passwd"),), Refused),
    ],
)
def test_artifacts_stay_within_their_limits_and_their_place(
    house: House, lint: Job, files: tuple[Artifact, ...], fault: type[Fault]
) -> None:
    token = house.started(lint)
    with pytest.raises(fault):
        house.attempts.uploads(f"{lint.id}.1", token, UploadRequest(files))


def test_a_job_without_a_build_is_an_error_that_says_so(house: House, lint: Job) -> None:
    house.dispatch(lint.id)
    house.store._rows[Build.KIND].clear()
    with pytest.raises(LookupError, match="has no build"):
        house.attempts.claim(f"{lint.id}.1", house.fleet.started[0].code)


# Deployments


@pytest.fixture
def deploying() -> House:
    return House(b"deployments:\n  staging: {branch: main, run: ./deploy.sh}\n")


def test_the_intent_is_stored_with_the_start(deploying: House) -> None:
    one = deploying.jobs(deploying.planned(push()))["staging"]
    deploying.started(one)
    assert deploying.found(Environment, environment_id(7, "staging")).sha == SHA
    assert deploying.job(one).state is State.RUNNING


def test_a_start_that_is_said_again_is_stored_again(deploying: House) -> None:
    """The first word may have failed in the wait for the disk, after all could read it."""
    one = deploying.jobs(deploying.planned(push()))["staging"]
    token, before = deploying.started(one), deploying.store.saves
    started = deploying.job(one)
    deploying.attempts.started(f"{one.id}.1", token, "")
    assert deploying.store.saves == before + 1
    assert replace(deploying.job(one), version=started.version) == started


def test_a_deployment_that_does_not_hold_its_environment_does_not_start(deploying: House) -> None:
    one = deploying.jobs(deploying.planned(push()))["staging"]
    claimed = deploying.claimed(one)
    environment = deploying.found(Environment, environment_id(7, "staging"))
    deploying.store.save(replace(environment, holder="another-0"))
    with pytest.raises(Refused, match="another deployment holds"):
        deploying.attempts.started(f"{one.id}.1", claimed.token, "")
    assert deploying.job(one).state is State.STARTING


def test_a_start_that_loses_its_environment_at_that_moment_is_no_start(deploying: House) -> None:
    one = deploying.jobs(deploying.planned(push()))["staging"]
    claimed = deploying.claimed(one)
    environment = deploying.found(Environment, environment_id(7, "staging"))
    deploying.store.interrupt(lambda: deploying.store.save(replace(environment, holder="other")))
    with pytest.raises(Conflict):
        deploying.attempts.started(f"{one.id}.1", claimed.token, "")
    assert deploying.job(one).reason is not Reason.OK
    assert deploying.job(one).state is State.STARTING
