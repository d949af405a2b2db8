"""A check run is made once and says what is so: twice, late or out of order (47, 50, 51)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from dishwasher.core.added import Added, AddedFile
from dishwasher.core.build import Build
from dishwasher.core.event import NO_COMMIT
from dishwasher.core.job import Conclusion, Reason, State
from dishwasher.core.report import Check, Status
from dishwasher.core.result import PhaseResult, Progress, StepResult
from dishwasher.errors import Ambiguous, InfraError, Unseen
from dishwasher.flow.check_runs import AGAIN_AFTER, HOPELESS_AFTER, PROGRESS_AFTER
from dishwasher.flow.claim import LINGER, SWEEP_AFTER, take
from dishwasher.flow.turn import RETRY_AFTER
from dishwasher.ports import Topic

from tests.fakes.forge import Trouble
from tests.flow.house import House, page
from tests.flow.reporting import lint, many, report, shown, sweep_now, writes
from tests.samples import REPOSITORY, finding, push


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  lint: flake8\n  docs: sphinx-build\n")


@pytest.fixture
def build(house: House) -> Build:
    return house.planned(push())


def test_a_check_run_is_opened_moves_on_and_ends(house: House, build: Build) -> None:
    report(house, build)
    assert shown(house) == {"lint": (Status.QUEUED, None), "docs": (Status.QUEUED, None)}
    assert house.run("lint").shown.details_url == page(lint(house, build).id)
    house.started(lint(house, build))
    report(house, build)
    assert shown(house)["lint"] == (Status.IN_PROGRESS, None)
    over = house.ended(house.jobs(build)["docs"], Reason.FAILED, tail=("WARNING: x",))
    report(house, build)
    assert shown(house)["docs"] == (Status.COMPLETED, Conclusion.FAILURE)
    assert "WARNING: x" in house.run("docs").shown.summary
    assert house.job(over).due == 0


def test_only_the_difference_is_sent(house: House, build: Build) -> None:
    report(house, build)
    assert writes(house) == ["create", "create"]
    report(house, build)
    assert writes(house) == []
    house.ended(lint(house, build))
    report(house, build)
    assert writes(house) == ["update"]
    report(house, build)
    assert writes(house) == []


def test_a_job_that_ended_before_anyone_looked_takes_one_call(house: House, build: Build) -> None:
    house.ended(lint(house, build), Reason.FAILED, findings=(finding(),), findings_total=1)
    report(house, build)
    assert writes(house) == ["create", "create"]
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.FAILURE)
    assert house.run("lint").annotations == [finding()]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (50, 1), (51, 2), (130, 3), (300, 6)])
def test_annotations_go_fifty_at_a_time(house: House, build: Build, count: int, calls: int) -> None:
    report(house, build)
    writes(house)
    house.ended(lint(house, build), Reason.FAILED, **many(count))
    report(house, build)
    assert writes(house) == ["update"] * calls
    lines = [one.start_line for one in house.run("lint").annotations]
    assert lines == list(range(1, count + 1))


def test_the_verdict_goes_with_the_first_page(house: House, build: Build) -> None:
    report(house, build)
    house.ended(lint(house, build), Reason.FAILED, **many(120))
    house.forge.plan("update", Trouble.NONE, Trouble.UNSENT)
    with pytest.raises(InfraError):
        report(house, build)
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.FAILURE)
    assert len(house.run("lint").annotations) == 50
    assert house.job(lint(house, build)).due > 0
    report(house, build, after=RETRY_AFTER)
    assert len(house.run("lint").annotations) == 120
    assert house.job(lint(house, build)).due == 0


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
@pytest.mark.parametrize("at", range(4))
def test_a_page_whose_answer_is_lost_is_neither_lost_nor_doubled(
    house: House, build: Build, trouble: Trouble, at: int
) -> None:
    house.ended(lint(house, build), Reason.FAILED, **many(170))
    operations = ["create", "update", "update", "update"]
    troubles = [Trouble.NONE] * operations[:at].count(operations[at])
    house.forge.plan(operations[at], *troubles, trouble)
    with pytest.raises(Ambiguous):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    lines = [one.start_line for one in house.run("lint").annotations]
    assert lines == list(range(1, 171))
    assert house.report(build).of(lint(house, build).id).completed
    assert house.job(lint(house, build)).due == 0


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_a_creation_whose_answer_is_lost_is_looked_for_first(
    house: House, build: Build, trouble: Trouble
) -> None:
    house.forge.plan("create", trouble)
    with pytest.raises(Ambiguous):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    assert sorted(shown(house)) == ["docs", "lint"]
    assert len(house.runs()) == 2


def test_a_later_failure_that_made_nothing_takes_no_doubt_away(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.AFTER)
    with pytest.raises(Ambiguous):
        report(house, build)
    house.forge.plan("list", Trouble.STALE)
    house.forge.plan("create", Trouble.UNSEEN)
    with pytest.raises(Unseen):
        report(house, build, after=RETRY_AFTER)
    report(house, build, after=RETRY_AFTER)
    assert len(house.runs()) == 2


def test_a_check_run_that_the_list_lacked_is_ended_by_the_sweep(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.AFTER)
    house.forge.plan("list", Trouble.STALE)
    with pytest.raises(Ambiguous):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    assert len(house.runs()) == 3
    for name in ("lint", "docs"):
        house.ended(house.jobs(build)[name], Reason.FAILED)
    report(house, build)
    assert not all(run.is_completed for run in house.runs())
    house.clock.advance(SWEEP_AFTER)
    assert house.store.due(type(house.report(build)), house.clock.now(), 9)
    report(house, build)
    assert all(run.shown.conclusion == Conclusion.FAILURE for run in house.runs())
    assert house.report(build).sweep == 0.0
    house.clock.advance(LINGER)
    assert house.store.due(type(house.report(build)), house.clock.now(), 9)
    report(house, build)
    assert (house.report(build).linger, house.report(build).due) == (0.0, 0.0)


def test_who_was_given_up_and_says_nothing_is_cleaned_up_after(house: House, build: Build) -> None:
    """A reporter freezes with "running" in its hand, wakes after the verdict, sends it and dies."""
    report(house, build)
    early = house.run("lint").shown
    assert take(house.store, house.clock, build.group, house.timing.hold)
    house.clock.advance(house.timing.hold)
    house.ended(lint(house, build), Reason.OK)
    report(house, build)
    house.forge.update(REPOSITORY, house.run("lint").id, early)
    house.clock.advance(LINGER - 1)
    report(house, build)
    assert not house.run("lint").is_completed
    house.clock.advance(1)
    report(house, build)
    assert house.run("lint").shown.conclusion == Conclusion.SUCCESS
    assert house.report(build).due == 0.0


def test_the_sweep_waits_for_the_verdict(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.AFTER)
    house.forge.plan("list", Trouble.STALE)
    with pytest.raises(Ambiguous):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    report(house, build, after=SWEEP_AFTER)
    assert house.report(build).sweep == house.clock.now() + SWEEP_AFTER
    assert not any(run.is_completed for run in house.runs())


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.REJECTED])
def test_a_double_that_github_has_removed_is_no_trouble(
    house: House, build: Build, trouble: Trouble
) -> None:
    house.forge.plan("create", Trouble.AFTER)
    house.forge.plan("list", Trouble.STALE)
    with pytest.raises(Ambiguous):
        report(house, build)
    report(house, build, after=RETRY_AFTER)
    for name in ("lint", "docs"):
        house.ended(house.jobs(build)[name])
    report(house, build)
    house.forge.plan("update", trouble)
    report(house, build, after=SWEEP_AFTER)
    assert house.report(build).sweep == 0.0


def test_a_later_double_takes_the_place_of_ours(house: House, build: Build) -> None:
    """GitHub shows the last check run of a name, so that is where the annotations belong."""
    report(house, build)
    queued = house.run("lint").shown
    house.ended(lint(house, build), Reason.FAILED, **many(60))
    report(house, build)
    double = house.forge.create(REPOSITORY, queued)
    sweep_now(house, build)
    report(house, build)
    assert house.forge.runs[double].is_completed
    assert len(house.forge.runs[double].annotations) == 60
    assert house.report(build).of(lint(house, build).id).check == double


def test_a_verdict_that_comes_before_the_sweep_ends_both(house: House, build: Build) -> None:
    report(house, build)
    first = house.run("lint")
    double = house.forge.create(REPOSITORY, first.shown)
    sweep_now(house, build)

    class Late:
        """Checks whose list comes just after the job has ended."""

        def __getattr__(self, name: str) -> object:
            return getattr(house.forge, name)

        def list(self, *arguments: object) -> object:
            house.ended(lint(house, build), Reason.FAILED, **many(60))
            return house.forge.list(*arguments)  # type: ignore[arg-type]

    replace(house.reports, checks=Late())(build.id)  # type: ignore[arg-type]
    assert first.is_completed
    assert house.forge.runs[double].is_completed
    assert len(house.forge.runs[double].annotations) == 60


def test_of_two_that_a_lost_answer_left_the_later_is_ours(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.AFTER)
    with pytest.raises(Ambiguous):
        report(house, build)
    double = house.forge.create(REPOSITORY, house.run("lint").shown)
    report(house, build, after=RETRY_AFTER)
    assert house.report(build).of(lint(house, build).id).check == double


def test_the_sweep_leaves_foreign_check_runs_alone(house: House, build: Build) -> None:
    report(house, build)
    foreign = replace(house.run("lint").shown, name="other", external_id="not ours")
    house.forge.create(REPOSITORY, foreign)
    sweep_now(house, build)
    writes(house)
    report(house, build)
    assert writes(house) == []


def test_a_verdict_that_an_older_word_overwrote_is_sent_again(house: House, build: Build) -> None:
    """A reporter freezes with "running" in its hand, wakes after the verdict and sends it."""
    report(house, build)
    house.started(lint(house, build))

    class Frozen:
        """Checks through which, once, everything else happens before the update is sent."""

        def __getattr__(self, name: str) -> object:
            return getattr(house.forge, name)

        def update(self, repository: object, id: int, check: Check) -> None:
            house.clock.advance(house.timing.hold)
            house.verdicts.change(
                lint(house, build).id,
                lambda job: replace(job, state=State.CONCLUDED, reason=Reason.LOST),
            )
            house.reports(build.id)
            assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.FAILURE)
            house.forge.update(REPOSITORY, id, check)

    replace(house.reports, checks=Frozen())(build.id)  # type: ignore[arg-type]
    assert shown(house)["lint"] == (Status.IN_PROGRESS, None)
    house.clock.advance(SWEEP_AFTER)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)
    report(house, build)
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.FAILURE)


def test_without_room_progress_is_left_out_and_verdicts_are_not(house: House, build: Build) -> None:
    house.forge.room = False
    house.ended(lint(house, build), Reason.FAILED)
    house.rung(Topic.REPORTS)
    report(house, build)
    assert shown(house) == {"lint": (Status.COMPLETED, Conclusion.FAILURE)}
    house.forge.room = True
    house.clock.advance(PROGRESS_AFTER)
    assert house.rung(Topic.REPORTS) == [build.id]
    report(house, build)
    assert shown(house)["docs"] == (Status.QUEUED, None)


def test_a_verdict_that_github_rejects_goes_without_its_text(house: House, build: Build) -> None:
    report(house, build)
    house.ended(lint(house, build), Reason.FAILED, tail=("odd",), **many(3))
    house.forge.plan("update", Trouble.REJECTED)
    report(house, build)
    run = house.run("lint")
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.FAILURE)
    assert "odd" not in run.shown.summary
    assert f"({page(lint(house, build).id)})" in run.shown.summary
    assert house.report(build).of(lint(house, build).id).trouble == ""
    assert house.job(lint(house, build)).due == 0


def test_a_verdict_whose_words_github_rejects_goes_bare(house: House, build: Build) -> None:
    report(house, build)
    house.ended(lint(house, build), Reason.FAILED)
    house.forge.plan("update", Trouble.REJECTED, Trouble.REJECTED)
    report(house, build)
    run = house.run("lint").shown
    assert (run.status, run.conclusion) == (Status.COMPLETED, Conclusion.FAILURE)
    assert (run.title, run.summary, run.details_url) == ("", "", "")


def test_a_check_run_that_takes_no_word_any_more_is_followed_by_a_new_one(
    house: House, build: Build
) -> None:
    report(house, build)
    stuck = house.run("lint").id
    house.ended(lint(house, build), Reason.FAILED, tail=("odd",), **many(3))
    house.forge.plan("update", *(Trouble.REJECTED,) * 3)
    report(house, build)
    old, new = (run for run in house.runs() if run.shown.name == "dishwasher / lint")
    assert (old.id, old.is_completed, new.shown.conclusion) == (stuck, False, Conclusion.FAILURE)
    assert ("odd" in new.shown.summary, len(new.annotations)) == (True, 3)
    posted = house.report(build).of(lint(house, build).id)
    assert (posted.check, posted.completed, posted.trouble) == (new.id, True, "")
    assert house.job(lint(house, build)).due == 0
    report(house, build, after=SWEEP_AFTER)
    assert house.forge.runs[stuck].is_completed


def test_a_verdict_that_github_will_not_have_is_tried_less_and_less_often(
    house: House, build: Build
) -> None:
    """Nobody counts it as told meanwhile: seven tries in an hour, of which none waits."""
    ended = house.ended(lint(house, build))
    house.ended(house.jobs(build)["docs"])
    report(house, build)
    house.forge.runs.clear()
    house.store.save(replace(house.report(build), posted=()))
    writes(house)
    house.forge.weather = lambda call: Trouble.REJECTED if call == "create" else Trouble.NONE
    times = []
    while not house.report(build).of(ended.id).completed:
        report(house, build)
        if writes(house):
            times.append(house.clock.now() - ended.ended)
        house.clock.advance(30.0)
        assert len(times) < 9
    assert times == [0.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0]
    posted = house.report(build).of(ended.id)
    assert (posted.trouble, house.job(ended).due) == ("create: invalid", 0)


def test_a_verdict_that_github_takes_at_last_is_told(house: House, build: Build) -> None:
    house.ended(lint(house, build))
    house.forge.plan("create", *(Trouble.REJECTED,) * 3)
    report(house, build)
    assert list(shown(house)) == ["docs"]
    posted = house.report(build).of(lint(house, build).id)
    assert (posted.trouble, posted.completed) == ("create: invalid", False)
    assert house.job(lint(house, build)).due > 0
    report(house, build, after=AGAIN_AFTER)
    posted = house.report(build).of(lint(house, build).id)
    assert (posted.trouble, posted.completed, posted.again) == ("", True, 0.0)
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.SUCCESS)
    assert house.job(lint(house, build)).due == 0


def test_a_passing_refusal_makes_no_second_check_run(house: House, build: Build) -> None:
    report(house, build)
    house.ended(lint(house, build))
    house.forge.plan("update", Trouble.GONE)
    report(house, build)
    assert len(house.runs()) == 2


def test_the_sweep_insists_too(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.AFTER)
    with pytest.raises(Ambiguous):
        report(house, build)
    house.forge.plan("list", Trouble.STALE)
    house.ended(lint(house, build))
    house.ended(house.jobs(build)["docs"])
    report(house, build, after=RETRY_AFTER)
    assert len(house.runs()) == 3
    house.forge.plan("update", Trouble.REJECTED, Trouble.REJECTED)
    report(house, build, after=SWEEP_AFTER + 1)
    assert all(run.is_completed for run in house.runs())
    assert "update" in house.forge.calls[-3:]


def test_what_github_rejects_while_it_runs_is_tried_with_the_verdict(
    house: House, build: Build
) -> None:
    house.forge.plan("create", Trouble.REJECTED)
    report(house, build)
    house.ended(lint(house, build))
    report(house, build)
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.SUCCESS)


def test_a_rejected_page_does_not_forget_the_check_run(house: House, build: Build) -> None:
    house.ended(lint(house, build), Reason.FAILED, **many(60))
    house.forge.plan("update", Trouble.REJECTED)
    report(house, build)
    posted = house.report(build).of(lint(house, build).id)
    assert (posted.check, posted.completed) == (house.run("lint").id, True)
    assert len(house.run("lint").annotations) == 50


def test_a_commit_that_is_not_visible_yet_is_waited_for_an_hour(house: House, build: Build) -> None:
    house.ended(lint(house, build))
    house.forge.plan("create", Trouble.UNSEEN)
    with pytest.raises(Unseen):
        report(house, build)
    house.forge.plan("create", Trouble.UNSEEN)
    report(house, build, after=HOPELESS_AFTER + 1)
    assert house.job(lint(house, build)).due == 0
    assert list(shown(house)) == ["docs"]


def test_a_check_run_that_github_removed_is_made_again(house: House, build: Build) -> None:
    report(house, build)
    house.forge.runs.pop(house.run("lint").id)
    house.ended(lint(house, build), Reason.FAILED, **many(60))
    report(house, build)
    assert shown(house)["lint"] == (Status.COMPLETED, Conclusion.FAILURE)
    assert len(house.run("lint").annotations) == 60


@pytest.mark.parametrize("call", ["create", "update"])
def test_what_was_sent_without_the_claim_is_looked_at_by_a_sweep(
    house: House, build: Build, call: str
) -> None:
    class Late:
        """Checks of which one call has its effect after the claim, and loses its answer."""

        def __getattr__(self, name: str) -> object:
            return self.fail if name == call else getattr(house.forge, name)

        def fail(self, *arguments: object) -> None:
            house.clock.advance(house.timing.hold)
            assert take(house.store, house.clock, build.group, house.timing.hold) is not None
            getattr(house.forge, call)(*arguments)
            raise Ambiguous("timeout")

    if call == "update":
        report(house, build)
        house.started(lint(house, build))
    with suppress(InfraError):
        replace(house.reports, checks=Late())(build.id)  # type: ignore[arg-type]
    assert house.report(build).sweep == house.clock.now() + SWEEP_AFTER


def test_an_entry_in_doubt_is_looked_at_even_when_it_is_complete(
    house: House, build: Build
) -> None:
    house.ended(lint(house, build), Reason.FAILED, **many(10))
    report(house, build)
    id = lint(house, build).id
    posted = house.report(build).of(id)
    house.store.save(house.report(build).having(replace(posted, doubtful=True, annotations=0)))
    report(house, build)
    assert len(house.run("lint").annotations) == 10
    assert house.report(build).of(id) == posted


def test_a_sweep_that_github_refuses_whole_goes_on(house: House, build: Build) -> None:
    report(house, build)
    house.ended(lint(house, build))
    house.ended(house.jobs(build)["docs"])
    report(house, build)
    first = house.run("lint")
    double = house.forge.create(REPOSITORY, replace(first.shown, status=Status.QUEUED))
    sweep_now(house, build)
    house.forge.plan("update", *(Trouble.REJECTED,) * 3)
    report(house, build)
    assert not house.forge.runs[double].is_completed
    assert house.report(build).look == 0


# What is shown where it helps


def test_what_the_change_has_added_is_asked_for_once(house: House, build: Build) -> None:
    house.forge.changed = Added((AddedFile("app/views.py", ((2, 3),)),))
    house.ended(lint(house, build), Reason.FAILED, **many(5))
    house.ended(house.jobs(build)["docs"], Reason.FAILED, **many(9))
    report(house, build)
    assert [one.start_line for one in house.run("lint").annotations] == [2, 3]
    assert [one.start_line for one in house.run("docs").annotations] == [2, 3]
    assert house.forge.calls.count("added") == 1
    assert "3 findings are on lines" in house.run("lint").shown.summary


def test_where_the_forge_does_not_tell_it_all_is_annotated(house: House, build: Build) -> None:
    house.ended(lint(house, build), Reason.FAILED, **many(5))
    report(house, build)
    house.ended(house.jobs(build)["docs"], Reason.FAILED, **many(5))
    report(house, build)
    assert len(house.run("lint").annotations) == len(house.run("docs").annotations) == 5
    assert house.forge.calls.count("added") == 1


def test_a_first_push_to_the_default_branch_has_no_change_to_compare_with(house: House) -> None:
    build = house.planned(push(before=NO_COMMIT))
    house.ended(lint(house, build), Reason.FAILED, **many(2))
    report(house, build)
    assert "added" not in house.forge.calls
    assert len(house.run("lint").annotations) == 2


def test_steps_are_shown_while_they_run(house: House, build: Build) -> None:
    token = house.started(lint(house, build))
    attempt = house.job(lint(house, build)).attempt_id
    house.rung(Topic.REPORTS)
    steps = (StepResult("flake8 app"),)
    progress = Progress((PhaseResult("build", steps=steps),))
    for rings in (1, 0):
        house.attempts.beat(attempt, token, progress)
        assert len(house.rung(Topic.REPORTS)) == rings
    report(house, build)
    assert "flake8 app …" in house.run("lint").shown.summary
