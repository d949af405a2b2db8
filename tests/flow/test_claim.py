"""One reporter of a commit at a time; the others say that there is more to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.report import Posted, Report
from dishwasher.errors import Conflict, InfraError, Lost, Throttled
from dishwasher.flow.claim import LINGER, WRITES, Claim, take
from dishwasher.ports import Record

from tests.fakes.clock import FakeClock
from tests.flow.house import RacyStore

KEY = "7/sha"
HOLD = 30.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> RacyStore:
    return RacyStore()


def claimed(store: RacyStore, clock: FakeClock) -> Claim:
    claim = take(store, clock, KEY, HOLD)
    assert claim is not None
    return claim


def report(store: RacyStore) -> Report:
    found = store.get(Report, KEY)
    assert found is not None
    return found


def touch(store: RacyStore) -> None:
    """Write the row as another who marks it dirty does."""
    store.save(replace(report(store), dirty=True))


def test_a_claim_is_held_by_one_and_the_others_mark_it(store: RacyStore, clock: FakeClock) -> None:
    claim = claimed(store, clock)
    assert take(store, clock, KEY, HOLD) is None
    assert take(store, clock, KEY, HOLD) is None
    assert claim.report().dirty
    assert report(store).due == clock.now() + HOLD


def test_a_claim_that_has_ended_serves_nobody(store: RacyStore, clock: FakeClock) -> None:
    """Found by the simulation (seed 14955): frozen after a look, it made what was there by then."""
    claim = claimed(store, clock)
    clock.advance(HOLD)
    assert claim.report().holder == claim.holder
    clock.advance(1)
    with pytest.raises(Lost, match="has ended"):
        claim.report()
    assert 0 < report(store).due < clock.now()


def test_what_changed_meanwhile_makes_the_holder_go_round_again(
    store: RacyStore, clock: FakeClock
) -> None:
    claim = claimed(store, clock)
    take(store, clock, KEY, HOLD)
    assert not claim.release()
    assert claim.release()
    assert (report(store).holder, report(store).due) == ("", 0.0)
    assert take(store, clock, KEY, HOLD) is not None


def test_a_mark_that_comes_with_the_release_is_not_lost(store: RacyStore, clock: FakeClock) -> None:
    claim = claimed(store, clock)
    store.interrupt(lambda: take(store, clock, KEY, HOLD))
    assert not claim.release()
    assert claim.release()


def test_of_two_who_come_at_once_one_holds_it(store: RacyStore, clock: FakeClock) -> None:
    store.interrupt(lambda: claimed(store, clock))
    assert take(store, clock, KEY, HOLD) is None
    assert report(store).dirty


def test_each_note_renews_the_claim(store: RacyStore, clock: FakeClock) -> None:
    claim = claimed(store, clock)
    clock.advance(HOLD - 1)
    assert claim.note(Posted("build-0", 5)) == Posted("build-0", 5)
    clock.advance(HOLD - 1)
    assert take(store, clock, KEY, HOLD) is None
    assert claim.report().of("build-0").check == 5


def test_a_claim_that_froze_while_it_was_renewed_is_renewed_again(
    store: RacyStore, clock: FakeClock
) -> None:
    """Seed 102276: frozen in that write, and in the call that it was to cover."""
    claim = take(store, clock, KEY, HOLD)
    assert claim is not None

    def slow(posted: Posted) -> Posted:
        kept = claim.note(posted)
        if not frozen:
            frozen.append(clock.advance(HOLD * 0.9))
        return kept

    frozen: list[None] = []
    claim.doubt(slow, Posted("job"))
    assert claim.report().until == clock.now() + HOLD
    assert claim.report().of("job").doubtful


def test_a_claim_whose_holder_died_is_taken_over_with_all_that_it_knew(
    store: RacyStore, clock: FakeClock
) -> None:
    old = claimed(store, clock)
    old.note(Posted("build-0", doubtful=True))
    clock.advance(HOLD)
    new = claimed(store, clock)
    assert new.report().of("build-0").doubtful
    for write in (
        lambda: old.report(),
        lambda: old.note(Posted("build-0", 1)),
        lambda: old.sweep_at(1.0),
        lambda: old.release(),
        lambda: old.leave(0.0),
    ):
        with pytest.raises(Lost, match="was taken over"):
            write()
    assert new.report().of("build-0") == Posted("build-0", doubtful=True)


def test_a_claim_that_was_left_lets_nobody_send_before_its_time(
    store: RacyStore, clock: FakeClock
) -> None:
    until = clock.now() + 3000
    claimed(store, clock).leave(until)
    with pytest.raises(Throttled) as pause:
        take(store, clock, KEY, HOLD)
    assert (pause.value.retry_at, report(store).due) == (until, until)
    assert not report(store).dirty
    clock.advance(3000)
    assert take(store, clock, KEY, HOLD) is not None


def test_a_claim_that_was_given_up_is_nobodys_business(store: RacyStore, clock: FakeClock) -> None:
    claimed(store, clock).leave(0.0)
    assert (report(store).due, report(store).until) == (0.0, 0.0)


def test_a_sweep_is_due_after_the_release(store: RacyStore, clock: FakeClock) -> None:
    claim = claimed(store, clock)
    claim.sweep_at(clock.now() + 9)
    claim.release()
    assert report(store).due == clock.now() + 9


def test_a_warning_reaches_whoever_holds_the_claim_now(store: RacyStore, clock: FakeClock) -> None:
    old = claimed(store, clock)
    clock.advance(HOLD)
    new = claimed(store, clock)
    store.interrupt(lambda: touch(store))
    old.warn(clock.now() + 5)
    assert new.report().sweep == new.report().due == clock.now() + 5
    assert not new.release()
    assert new.release()
    assert report(store).due == clock.now() + 5


def test_a_warning_is_heard_when_nobody_holds_the_claim(store: RacyStore, clock: FakeClock) -> None:
    Claim(store, clock, KEY, "old", HOLD).warn(clock.now() + 5)
    assert report(store).due == clock.now() + 5


def test_a_claim_that_is_taken_over_is_looked_after(store: RacyStore, clock: FakeClock) -> None:
    claimed(store, clock)
    clock.advance(HOLD)
    over = clock.now() + LINGER
    claim = claimed(store, clock)
    claim.sweep_at(clock.now() + 5)
    claim.release()
    assert report(store).due == clock.now() + 5
    clock.advance(5)
    claim = claimed(store, clock)
    claim.swept(0.0)
    claim.release()
    assert report(store).due == report(store).linger == over
    clock.advance(LINGER)
    claim = claimed(store, clock)
    claim.swept(0.0)
    claim.release()
    assert (report(store).due, report(store).linger) == (0.0, 0.0)


def broken() -> None:
    raise InfraError("the table is down")


def test_a_warning_outlives_a_table_that_fails_for_a_moment(
    store: RacyStore, clock: FakeClock
) -> None:
    store.interrupt(broken)
    Claim(store, clock, KEY, "old", HOLD).warn(clock.now() + 5)
    assert report(store).sweep == clock.now() + 5


def test_a_warning_that_can_not_be_left_is_told(clock: FakeClock) -> None:
    class Down(RacyStore):
        def save(self, *records: Record) -> None:
            broken()

    with pytest.raises(InfraError, match="down"):
        Claim(Down(), clock, KEY, "old", HOLD).warn(clock.now() + 5)


def test_a_row_that_others_write_all_the_time_is_a_conflict(
    store: RacyStore, clock: FakeClock
) -> None:
    claim = claimed(store, clock)
    for write in (
        lambda: claim.sweep_at(1.0),
        lambda: claim.warn(1.0),
        lambda: take(store, clock, KEY, HOLD),
    ):
        clock.advance(HOLD)
        store.interrupt(*[lambda: touch(store)] * WRITES)
        with pytest.raises(Conflict, match="written too often"):
            write()
