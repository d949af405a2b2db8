"""Deployments on GitHub: each intent once, and its end, whatever answer is lost (43, 45)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.delivery import REFUSALS
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.deployment import REPLACED, Stage
from dishwasher.core.job import Job, Reason
from dishwasher.core.lifecycle import conclude, expire
from dishwasher.core.report import Report, Told
from dishwasher.errors import Ambiguous, InfraError
from dishwasher.flow.claim import LINGER, SWEEP_AFTER, take
from dishwasher.flow.turn import RETRY_AFTER
from dishwasher.ports import Topic

from tests.fakes.forge import Trouble
from tests.flow.house import House, page
from tests.samples import OTHER_SHA, REPOSITORY, SHA, push, rerun

CALLS = ("announce", "announced", "tell", "told")
CONFIG = b"""\
checks:
  lint: flake8
deployments:
  staging: {branch: main, run: ./deploy.sh, url: "https://staging.example.test/"}
"""


@pytest.fixture
def house() -> House:
    return House(CONFIG)


@pytest.fixture
def build(house: House) -> Build:
    return house.planned(push())


def staging(house: House, build: Build) -> Job:
    return house.jobs(build)["staging"]


def ready(house: House, build: Build) -> Job:
    """The deployment, once its checks have passed."""
    house.ended(house.jobs(build)["lint"])
    return staging(house, build)


def stages(house: House, job: Job) -> list[list[str]]:
    return [one.stages for one in house.stages.of(job.id)]


def told(house: House, build: Build) -> Told:
    return house.found(Report, build.group).told(staging(house, build).id)


def made(house: House) -> list[str]:
    calls = [call for call in house.forge.calls if call in CALLS]
    house.forge.calls.clear()
    return calls


def report(house: House, build: Build, *, after: float = 0.0) -> None:
    house.clock.advance(after)
    house.reports(build.id)


def test_a_deployment_is_announced_and_told_to_its_end(house: House, build: Build) -> None:
    report(house, build)
    assert house.stages.all == []
    one = ready(house, build)
    report(house, build)
    token = house.started(one)
    report(house, build)
    assert stages(house, one) == [["queued", "in_progress"]]
    del token
    house.verdicts.change(one.id, lambda job: conclude(job, Reason.OK, "", house.clock.now()))
    report(house, build)
    assert stages(house, one) == [["queued", "in_progress", "success"]]
    shown = house.stages.all[0]
    assert shown.made.environment == "staging"
    assert (shown.said[-1].log_url, shown.said[-1].url) == (
        page(one.id),
        "https://staging.example.test/",
    )
    made(house)
    report(house, build)
    assert made(house) == []


def test_a_rerun_by_hand_is_a_new_intent(house: House, build: Build) -> None:
    house.ended(ready(house, build))
    report(house, build)
    again = house.planned(rerun(staging(house, build).id))
    house.ended(staging(house, again), Reason.FAILED)
    report(house, again)
    assert [one.stages for one in house.stages.all] == [["success"], ["failure"]]


LIVE = b"""\
deployments:
  production: {branch: main, run: ./deploy.sh}
  staging: {branch: main, run: ./deploy.sh}
"""


def followed(house: House) -> Build:
    """The next commit of the branch, planned."""
    house.there.branches["main"] = OTHER_SHA
    return house.planned(push(sha=OTHER_SHA, before=SHA, delivery="delivery-2"))


def deployed(house: House, build: Build, name: str, reason: Reason = Reason.OK) -> Job:
    """The deployment with its end told."""
    one = house.ended(house.jobs(build)[name], reason)
    report(house, build)
    return one


def test_a_deployment_to_production_retires_the_one_before_once() -> None:
    house = House(LIVE)
    build = house.planned(push())
    first = deployed(house, build, "production")
    later = followed(house)
    failed = deployed(house, later, "production", Reason.FAILED)
    assert stages(house, first) == [["success"]], "what failed has taken nobody's place"
    again = house.planned(rerun(failed.id))
    second = deployed(house, again, "production")
    house.clock.advance(1)
    house.rung(Topic.REPORTS)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS), "also where the bell was lost"
    made(house)
    report(house, build)
    assert stages(house, first) == [["success", "inactive"]]
    assert house.stages.of(first.id)[0].said[-1].description == REPLACED
    assert (stages(house, failed), stages(house, second)) == ([["failure"]], [["success"]])
    assert made(house) == ["tell"]
    report(house, build)
    assert made(house) == []
    assert house.report(build).due == 0


def test_deployments_that_github_retires_by_itself_are_left_to_it() -> None:
    house = House(LIVE)
    build = house.planned(push())
    first = deployed(house, build, "staging")
    later = followed(house)
    deployed(house, later, "staging")
    report(house, build)
    assert stages(house, first) == [["success"]]


@pytest.mark.parametrize("live", ["gone", "stray"])
def test_one_whose_rows_are_gone_needs_no_word(live: str) -> None:
    house = House(LIVE)
    build = house.planned(push())
    first = deployed(house, build, "production")
    house.store.save(replace(first, id="stray", build="gone", version=0))
    environment = house.found(Environment, environment_id(REPOSITORY.id, "production"))
    house.store.save(replace(environment, live=live))
    later = followed(house)
    second = deployed(house, later, "production")
    assert (stages(house, first), stages(house, second)) == ([["success"]], [["success"]])


def test_an_unknown_end_is_an_error(house: House, build: Build) -> None:
    one = ready(house, build)
    house.started(one)
    house.verdicts.change(one.id, lambda job: expire(job, house.clock.now(), house.timing))
    report(house, build)
    assert stages(house, one) == [["error"]]
    assert "runner was lost" in house.stages.all[0].said[-1].description


def test_what_never_began_is_retired(house: House, build: Build) -> None:
    one = ready(house, build)
    report(house, build)
    house.verdicts.change(
        one.id, lambda job: conclude(job, Reason.SUPERSEDED, "Later.", house.clock.now())
    )
    report(house, build)
    assert stages(house, one) == [["queued", "inactive"]]


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_an_announcement_whose_answer_is_lost_is_looked_for_first(
    house: House, build: Build, trouble: Trouble
) -> None:
    one = ready(house, build)
    house.forge.plan("announce", trouble)
    with pytest.raises(Ambiguous):
        report(house, build)
    # The check run was shown all the same.
    assert house.run("staging").shown.external_id == one.id
    report(house, build, after=RETRY_AFTER)
    assert stages(house, one) == [["queued"]]


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_a_word_whose_answer_is_lost_is_looked_for_first(
    house: House, build: Build, trouble: Trouble
) -> None:
    one = ready(house, build)
    house.forge.plan("tell", trouble)
    with pytest.raises(Ambiguous):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    assert stages(house, one) == [["queued"]]
    assert not told(house, build).doubtful


def test_an_end_that_could_not_be_told_is_told_though_the_check_run_was(
    house: House, build: Build
) -> None:
    one = ready(house, build)
    house.ended(one)
    house.forge.plan("announce", Trouble.UNSENT)
    with pytest.raises(InfraError):
        report(house, build)
    assert house.job(one).due == 0
    house.rung(Topic.REPORTS)
    house.clock.advance(RETRY_AFTER + 1)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)
    report(house, build)
    assert stages(house, one) == [["success"]]


def test_a_word_that_was_not_sent_is_sent_later(house: House, build: Build) -> None:
    one = ready(house, build)
    house.forge.plan("tell", Trouble.UNSENT)
    with pytest.raises(InfraError):
        report(house, build)
    made(house)
    report(house, build, after=RETRY_AFTER)
    assert stages(house, one) == [["queued"]]
    assert made(house) == ["tell"]


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.REJECTED])
def test_an_app_that_may_not_deploy_still_shows_its_checks(
    house: House, build: Build, trouble: Trouble
) -> None:
    one = ready(house, build)
    house.forge.weather = lambda call: trouble if call == "announce" else Trouble.NONE
    for _ in range(REFUSALS):
        with suppress(InfraError):
            report(house, build, after=RETRY_AFTER)
    assert told(house, build).trouble
    house.ended(one)
    made(house)
    report(house, build)
    assert made(house) == []
    assert house.run("staging").is_completed
    assert house.job(one).due == 0


def test_one_refusal_loses_no_deployment(house: House, build: Build) -> None:
    one = ready(house, build)
    house.forge.plan("announce", Trouble.GONE)
    with pytest.raises(InfraError):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    assert stages(house, one) == [["queued"]]
    assert (told(house, build).refused, told(house, build).trouble) == (0, "")


def test_a_stage_whose_words_github_rejects_is_told_without_them(
    house: House, build: Build
) -> None:
    one = ready(house, build)
    house.forge.plan("tell", Trouble.REJECTED, Trouble.REJECTED)
    report(house, build)
    (said,) = house.stages.all[0].said
    assert (said.stage, said.description, said.log_url) == (Stage.QUEUED, "", "")
    house.ended(one)
    report(house, build)
    assert stages(house, one) == [["queued", "success"]]


def test_a_stage_that_github_will_not_have_does_not_keep_the_next_one_back(
    house: House, build: Build
) -> None:
    one = ready(house, build)
    house.forge.plan("tell", *(Trouble.REJECTED,) * 3)
    report(house, build)
    assert (told(house, build).trouble, stages(house, one)) == ("tell: invalid", [[]])
    made(house)
    report(house, build)
    assert made(house) == []
    house.ended(one)
    report(house, build)
    assert (told(house, build).trouble, stages(house, one)) == ("", [["success"]])


def test_a_double_is_retired(house: House, build: Build) -> None:
    one = ready(house, build)
    house.forge.plan("announce", Trouble.AFTER)
    with pytest.raises(Ambiguous):
        report(house, build)
    house.forge.plan("announced", Trouble.STALE)
    report(house, build, after=RETRY_AFTER)
    assert stages(house, one) == [[], ["queued"]]
    report(house, build, after=SWEEP_AFTER + 1)
    assert stages(house, one) == [["inactive"], ["queued"]]
    report(house, build, after=LINGER + 1)
    assert stages(house, one) == [["inactive"], ["queued"]]


def test_a_word_that_an_older_one_overwrote_is_said_again(house: House, build: Build) -> None:
    one = ready(house, build)
    report(house, build)
    house.ended(one)
    report(house, build)
    shown = house.stages.all[0]
    # A reporter that froze before it sent says now what was so then.
    shown.said.append(shown.said[0])
    claim = take(house.store, house.clock, build.group, house.timing.hold)
    assert claim is not None
    claim.warn(house.clock.now())
    claim.release()
    report(house, build)
    assert shown.stages == ["queued", "success", "queued", "success"]


def test_a_deployment_that_someone_deleted_stays_deleted(house: House, build: Build) -> None:
    one = ready(house, build)
    house.ended(one)
    report(house, build)
    house.forge.plan("announced", Trouble.GONE)
    claim = take(house.store, house.clock, build.group, house.timing.hold)
    assert claim is not None
    claim.warn(house.clock.now())
    claim.release()
    report(house, build)
    assert stages(house, one) == [["success"]]


def test_who_lost_the_claim_says_what_it_did(house: House, build: Build) -> None:
    one = ready(house, build)
    announce = house.stages.announce

    def frozen(*arguments: object) -> int:
        id = announce(*arguments)  # type: ignore[arg-type]
        house.clock.advance(house.timing.hold + 1)
        assert take(house.store, house.clock, build.group, house.timing.hold) is not None
        return id

    house.stages.announce = frozen  # type: ignore[method-assign]
    report(house, build)
    assert house.report(build).sweep > 0
    assert stages(house, one) == [[]]


def test_the_sweep_leaves_alone_what_github_never_took(house: House, build: Build) -> None:
    ready(house, build)
    house.forge.plan("announce", Trouble.REJECTED)
    report(house, build)
    claim = take(house.store, house.clock, build.group, house.timing.hold)
    assert claim is not None
    claim.warn(house.clock.now())
    claim.release()
    made(house)
    report(house, build)
    assert made(house) == []
    assert REPOSITORY.id in house.forge.repositories
