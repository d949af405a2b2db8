"""A queued job gets exactly one runner; deployments in order and one at a time (43 to 45, 52)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import deploy
from dishwasher.core.build import Build
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.event import NO_COMMIT, EventKind
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.lifecycle import conclude
from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import Conflict, InfraError, Throttled, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.dispatch import LOCKED, TAKEN_OFF, TRIES, TWICE, WAITING, digest
from dishwasher.ports import Topic

from tests.fakes.forge import Trouble
from tests.flow.house import FakeFleet, House
from tests.samples import BASE_SHA, OTHER_SHA, SHA, from_fork, push, rerun

DEPLOY = b"deployments:\n  staging:\n    branch: [main, release]\n    run: ./deploy.sh\n"
STAGING = environment_id(7, "staging")


@pytest.fixture
def house() -> House:
    return House(DEPLOY)


@pytest.fixture
def checks() -> House:
    return House(b"checks:\n  lint: flake8\n")


def lint(house: House) -> Job:
    return house.jobs(house.planned(push()))["lint"]


def deployment(house: House, sha: str, before: str, **values: object) -> Job:
    """The deployment of a push, planned; a forced one leaves open where the branch now stands."""
    if not values.get("forced"):
        house.there.branches["main"] = sha
    values = {"delivery": f"push-{sha[0]}-{before[0]}"} | values
    event = push(sha=sha, before=before, **values)
    return house.jobs(house.planned(event))["staging"]


def ended(house: House, job: Job) -> Job:
    return conclude(job, Reason.OK, "", house.clock.now())


def environment(house: House) -> Environment:
    return house.found(Environment, STAGING)


def test_a_queued_job_is_claimed_and_a_runner_gets_the_only_code(checks: House) -> None:
    one = lint(checks)
    checks.dispatch(one.id)
    (bootstrap,) = checks.fleet.started
    now = checks.job(one)
    assert (now.state, now.attempt) == (State.STARTING, 1)
    assert (bootstrap.url, bootstrap.attempt) == ("http://here", f"{one.id}.1")
    assert now.code == digest(bootstrap.code) != bootstrap.code


def test_a_runner_is_told_whose_code_it_gets(checks: House) -> None:
    checks.dispatch(lint(checks).id)
    stranger = from_fork(delivery="from-a-fork", sha=OTHER_SHA)
    checks.dispatch(checks.jobs(checks.planned(stranger))["lint"].id)
    assert checks.fleet.tenants == ["7", "7/strangers"]


@pytest.mark.parametrize("times", [2, 3])
def test_a_repeated_or_foreign_message_starts_nothing(checks: House, times: int) -> None:
    one = lint(checks)
    for _ in range(times):
        checks.dispatch(one.id)
    checks.dispatch("unknown-0")
    assert len(checks.fleet.started) == 1


def test_of_two_dispatchers_one_wins_and_the_other_touches_nothing(checks: House) -> None:
    one = lint(checks)
    checks.store.interrupt(lambda: checks.dispatch(one.id))
    checks.dispatch(one.id)
    assert len(checks.fleet.started) == 1
    assert checks.job(one).attempt == 1


def test_a_job_that_the_reaper_looks_at_meanwhile_is_dispatched_all_the_same(checks: House) -> None:
    one = lint(checks)
    checks.store.interrupt(lambda: checks.store.save(checks.job(one)))
    checks.dispatch(one.id)
    assert checks.job(one).state is State.STARTING


def test_a_job_that_others_write_all_the_time_is_left_to_a_later_bell(checks: House) -> None:
    one = lint(checks)
    checks.store.interrupt(*[lambda: checks.store.save(checks.job(one))] * TRIES)
    with pytest.raises(Conflict):
        checks.dispatch(one.id)
    assert checks.fleet.started == []


def test_no_runner_means_a_new_attempt_after_a_moment(checks: House) -> None:
    one = lint(checks)
    checks.rung(Topic.JOBS)
    checks.fleet.fault = InfraError("no memory")
    checks.dispatch(one.id)
    assert (checks.job(one).state, checks.job(one).infra_retries) == (State.QUEUED, 1)
    assert checks.rung(Topic.JOBS) == []
    checks.clock.advance(checks.timing.retry)
    assert checks.rung(Topic.JOBS) == [one.id]
    checks.dispatch(one.id)
    checks.dispatch(one.id)
    assert (checks.job(one).reason, checks.job(one).detail) == (
        Reason.INFRA,
        "No runner came up in 3 attempts. no memory",
    )


def test_a_fleet_that_fails_late_takes_nothing_from_an_attempt_that_came_further(
    checks: House,
) -> None:
    one = lint(checks)

    class Late(FakeFleet):
        """Starts the runner, which gets as far as its first command, and then says that not."""

        def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
            claimed = checks.attempts.claim(bootstrap.attempt, bootstrap.code)
            checks.attempts.started(bootstrap.attempt, claimed.token, "")
            raise InfraError("the answer was lost")

    replace(checks.dispatch, fleet=Late())(one.id)
    assert checks.job(one).state is State.RUNNING


def test_a_deployment_holds_its_environment(house: House) -> None:
    one = deployment(house, SHA, BASE_SHA)
    house.dispatch(one.id)
    assert (environment(house).holder, environment(house).sha) == (one.id, "")
    claimed = house.attempts.claim(house.fleet.started[0].attempt, house.fleet.started[0].code)
    house.attempts.started(house.job(one).attempt_id, claimed.token, "")
    assert environment(house).sha == SHA


def test_the_next_deployment_waits_and_is_rung_when_the_first_is_over(house: House) -> None:
    one, two = deployment(house, SHA, BASE_SHA), deployment(house, OTHER_SHA, SHA)
    house.started(one)
    house.dispatch(two.id)
    house.dispatch(two.id)
    assert house.job(two).state is State.QUEUED
    assert environment(house).waiting == (two.id,)
    house.rung(Topic.JOBS)
    house.verdicts.change(one.id, lambda job: ended(house, job))
    assert house.rung(Topic.JOBS) == [two.id]
    assert (environment(house).holder, environment(house).waiting) == ("", (two.id,))
    house.dispatch(two.id)
    assert (environment(house).holder, environment(house).waiting) == (two.id, ())


def test_of_two_that_wait_the_later_commit_is_deployed(house: House) -> None:
    one = deployment(house, BASE_SHA, NO_COMMIT)
    house.started(one)
    two, three = deployment(house, SHA, BASE_SHA), deployment(house, OTHER_SHA, SHA)
    for waiting in (two, three):
        house.dispatch(waiting.id)
    # What runs is never stopped for a newer one.
    assert house.job(one).state is State.RUNNING
    house.verdicts.change(one.id, lambda job: ended(house, job))
    house.dispatch(two.id)
    assert (house.job(two).reason, house.job(two).detail) == (Reason.SUPERSEDED, WAITING)
    house.dispatch(three.id)
    assert environment(house).holder == three.id
    assert environment(house).waiting == ()


def test_who_waited_and_ended_holds_nobody_up(house: House) -> None:
    one = deployment(house, BASE_SHA, NO_COMMIT)
    house.started(one)
    two, three = deployment(house, SHA, BASE_SHA), deployment(house, OTHER_SHA, SHA)
    for waiting in (two, three):
        house.dispatch(waiting.id)
    house.verdicts.change(one.id, lambda job: ended(house, job))
    house.verdicts.change(
        three.id, lambda job: conclude(job, Reason.CANCELLED, "", house.clock.now())
    )
    house.dispatch(two.id)
    assert (environment(house).holder, environment(house).waiting) == (two.id, ())


def test_a_branch_that_was_forced_back_is_not_overtaken_by_what_it_lost(house: House) -> None:
    one = deployment(house, SHA, BASE_SHA)
    house.started(one)
    lost = deployment(house, OTHER_SHA, SHA)
    house.dispatch(lost.id)
    back = deployment(house, BASE_SHA, OTHER_SHA, forced=True)
    house.there.branches["main"] = BASE_SHA
    house.verdicts.change(one.id, lambda job: ended(house, job))
    house.dispatch(back.id)
    assert house.job(back).state is State.STARTING


def test_a_deployment_that_is_retried_keeps_its_environment(house: House) -> None:
    one = deployment(house, SHA, BASE_SHA)
    house.dispatch(one.id)
    house.reap.ended(house.job(one).attempt_id)
    assert house.job(one).state is State.QUEUED
    house.dispatch(one.id)
    assert (house.job(one).attempt, environment(house).holder) == (2, one.id)


def test_an_environment_that_is_released_meanwhile_is_taken(house: House) -> None:
    one, two = deployment(house, SHA, BASE_SHA), deployment(house, OTHER_SHA, SHA)
    house.started(one)
    house.store.interrupt(lambda: house.verdicts.change(one.id, lambda job: ended(house, job)))
    house.dispatch(two.id)
    assert house.job(two).state is State.STARTING


def test_an_older_commit_than_the_deployed_one_is_superseded(house: House) -> None:
    newer = deployment(house, OTHER_SHA, SHA)
    house.ended(newer)
    older = deployment(house, SHA, BASE_SHA)
    house.dispatch(older.id)
    assert house.job(older).reason is Reason.SUPERSEDED
    assert house.fleet.started[-1].attempt == f"{newer.id}.1"


def test_the_deployed_commit_may_be_deployed_again(house: House) -> None:
    house.ended(deployment(house, SHA, BASE_SHA))
    second = deployment(house, SHA, OTHER_SHA)
    house.dispatch(second.id)
    assert house.job(second).state is State.STARTING


@pytest.mark.parametrize(("first", "second"), [("head-1", "told"), ("told", "head-1")])
def test_a_push_that_was_found_and_is_told_too_deploys_once(
    house: House, first: str, second: str
) -> None:
    house.ended(deployment(house, SHA, BASE_SHA, delivery=first))
    again = deployment(house, SHA, OTHER_SHA, delivery=second)
    house.dispatch(again.id)
    assert (house.job(again).reason, house.job(again).detail) == (Reason.SUPERSEDED, TWICE)


def test_a_push_that_is_told_late_deploys_once_whatever_came_between(house: House) -> None:
    """Found by the simulation (seed 30853): the environment remembers the last build alone."""
    house.ended(deployment(house, SHA, BASE_SHA, delivery="head-1"))
    house.ended(deployment(house, SHA, BASE_SHA, delivery="by-hand", kind=EventKind.MANUAL))
    late = deployment(house, SHA, OTHER_SHA, delivery="told")
    house.dispatch(late.id)
    assert (house.job(late).reason, house.job(late).detail) == (Reason.SUPERSEDED, TWICE)


def test_a_branch_forced_back_deploys_the_old_commit(house: House) -> None:
    house.ended(deployment(house, OTHER_SHA, SHA))
    house.there.branches["main"] = SHA
    back = deployment(house, SHA, OTHER_SHA, forced=True)
    house.dispatch(back.id)
    assert house.job(back).state is State.STARTING


def test_a_forced_push_that_comes_late_is_superseded(house: House) -> None:
    house.ended(deployment(house, OTHER_SHA, SHA))
    house.there.branches["main"] = OTHER_SHA
    late = deployment(house, SHA, BASE_SHA, forced=True)
    house.dispatch(late.id)
    assert house.job(late).reason is Reason.SUPERSEDED


def taken_off(house: House) -> Job:
    """A deployment that is dispatched only after its branch was forced back, and deployed."""
    late = deployment(house, OTHER_SHA, SHA)
    house.there.branches["main"] = SHA
    house.ended(deployment(house, SHA, OTHER_SHA, forced=True))
    return late


def test_a_commit_that_a_forced_push_took_off_the_branch_is_superseded(house: House) -> None:
    late = taken_off(house)
    house.clock.advance(UNSEEN_FOR)
    house.dispatch(late.id)
    assert (house.job(late).reason, house.job(late).detail) == (Reason.SUPERSEDED, TAKEN_OFF)


def test_a_branch_that_github_shows_late_takes_nothing_off(house: House) -> None:
    late = taken_off(house)
    with pytest.raises(Unseen):
        house.dispatch(late.id)
    house.there.branches["main"] = OTHER_SHA
    house.dispatch(late.id)
    assert house.job(late).state is State.STARTING


def test_a_commit_that_the_branch_still_holds_is_deployed(house: House) -> None:
    house.ended(deployment(house, BASE_SHA, OTHER_SHA))
    one = deployment(house, SHA, BASE_SHA)
    house.there.branches["main"] = OTHER_SHA
    house.dispatch(one.id)
    assert house.job(one).state is State.STARTING


def test_a_deleted_branch_says_nothing_about_its_commits(house: House) -> None:
    house.ended(deployment(house, SHA, BASE_SHA))
    one = deployment(house, OTHER_SHA, SHA)
    del house.there.branches["main"]
    house.dispatch(one.id)
    assert house.job(one).state is State.STARTING


def of_tag(house: House, job: Job) -> Job:
    """The deployment as one that a tag asked for."""
    build = house.build(job.build)
    house.store.save(replace(build, event=replace(build.event, branch="", tag="v1")))
    return job


def test_a_tag_is_deployed_wherever_the_branches_stand(house: House) -> None:
    house.ended(deployment(house, BASE_SHA, OTHER_SHA))
    one = of_tag(house, deployment(house, SHA, BASE_SHA))
    house.there.branches.clear()
    house.dispatch(one.id)
    assert house.job(one).state is State.STARTING
    assert "branch_sha" not in house.forge.calls


def test_a_tag_of_an_older_commit_than_the_deployed_one_is_superseded(house: House) -> None:
    house.ended(deployment(house, SHA, BASE_SHA))
    one = of_tag(house, deployment(house, BASE_SHA, OTHER_SHA))
    house.dispatch(one.id)
    assert house.job(one).reason is Reason.SUPERSEDED


def test_a_repository_that_is_gone_ends_its_deployments(house: House) -> None:
    house.ended(deployment(house, SHA, BASE_SHA))
    one = deployment(house, OTHER_SHA, SHA)
    house.forge.plan("compare", Trouble.GONE)
    house.dispatch(one.id)
    assert house.job(one).reason is Reason.REFUSED
    assert house.job(one).detail.startswith("compare: the repository is gone;")


@pytest.mark.parametrize("parents", [(), (BASE_SHA,)])
def test_a_commit_of_another_history_is_deployed(house: House, parents: tuple[str, ...]) -> None:
    house.ended(deployment(house, OTHER_SHA, SHA))
    house.there.parents[SHA] = parents
    house.there.parents[OTHER_SHA] = (BASE_SHA,) if parents else ()
    other = deployment(house, SHA, BASE_SHA)
    house.dispatch(other.id)
    assert house.job(other).state is State.STARTING


def unknown(house: House) -> Build:
    """A deployment whose runner was lost while it ran."""
    one = deployment(house, SHA, BASE_SHA)
    house.started(one)
    house.reap.ended(house.job(one).attempt_id)
    assert house.job(one).reason is Reason.UNKNOWN_EFFECT
    return house.build(one.build)


def test_after_an_unknown_outcome_nothing_is_deployed_by_itself(house: House) -> None:
    unknown(house)
    two = deployment(house, OTHER_SHA, SHA)
    house.dispatch(two.id)
    assert (house.job(two).reason, house.job(two).detail) == (Reason.AWAITING_APPROVAL, LOCKED)


def again(house: House, clicked: Job) -> dict[str, Job]:
    """The jobs of a re-run of this one."""
    return house.jobs(house.planned(rerun(clicked.id)))


def test_a_human_who_asks_for_the_deployment_gets_it(house: House) -> None:
    job = house.jobs(unknown(house))["staging"]
    second = again(house, job)["staging"]
    house.dispatch(second.id)
    assert house.job(second).state is State.STARTING
    assert (environment(house).holder, environment(house).unknown) == (second.id, False)


def test_a_human_may_deploy_an_old_commit(house: House) -> None:
    older = deployment(house, SHA, BASE_SHA)
    house.ended(older)
    house.ended(deployment(house, OTHER_SHA, SHA))
    second = again(house, older)["staging"]
    house.dispatch(second.id)
    assert house.job(second).state is State.STARTING


def test_a_human_waits_for_a_deployment_that_runs(house: House) -> None:
    older = deployment(house, SHA, BASE_SHA)
    house.ended(older)
    house.started(deployment(house, OTHER_SHA, SHA))
    second = again(house, older)["staging"]
    house.dispatch(second.id)
    assert house.job(second).state is State.QUEUED


def test_a_rerun_of_a_check_deploys_nothing_old() -> None:
    house = House(b"checks:\n  lint: flake8\n" + DEPLOY)
    older = house.jobs(house.planned(push(delivery="older")))
    house.ended(older["lint"], Reason.FAILED)
    newer = house.jobs(house.planned(push(delivery="newer", sha=OTHER_SHA, before=SHA)))
    house.ended(newer["lint"])
    house.ended(newer["staging"])
    second = again(house, older["lint"])
    house.ended(second["lint"])
    house.dispatch(second["staging"].id)
    assert house.job(second["staging"]).reason is Reason.SUPERSEDED


def test_a_job_that_was_cancelled_while_it_was_judged_stays_so(house: House) -> None:
    unknown(house)
    two = deployment(house, OTHER_SHA, SHA)
    house.store.interrupt(
        lambda: house.verdicts.change(two.id, lambda job: ended(house, job)), None
    )
    house.dispatch(two.id)
    assert house.job(two).reason is Reason.OK


def test_a_job_without_a_build_is_an_error_that_says_so(house: House) -> None:
    one = deployment(house, SHA, BASE_SHA)
    house.store._rows[Build.KIND].clear()
    with pytest.raises(LookupError, match="has no build"):
        house.dispatch(one.id)


def test_the_lock_says_what_to_do() -> None:
    assert "re-run this check" in LOCKED
    assert deploy.take(Environment("e", holder="x", unknown=True), "y") is None


# When GitHub's limit is reached


def test_a_job_stays_queued_until_a_token_can_be_had(checks: House) -> None:
    waiting = lint(checks)
    checks.forge.closed_until = checks.clock.now() + 600
    with pytest.raises(Throttled) as pause:
        checks.dispatch(waiting.id)
    assert pause.value.retry_at == checks.clock.now() + 600
    assert checks.job(waiting).state is State.QUEUED and not checks.fleet.started
    checks.clock.advance(600)
    checks.dispatch(waiting.id)
    assert checks.job(waiting).state is State.STARTING


def test_a_job_without_its_build_is_a_bug(checks: House) -> None:
    waiting = replace(lint(checks), id="stray", build="none", version=0)
    checks.store.save(waiting)
    with pytest.raises(LookupError, match="has no build"):
        checks.dispatch("stray")
