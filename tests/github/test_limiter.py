from __future__ import annotations

import threading

import pytest
from dishwasher.errors import Throttled, UserError
from dishwasher.github.limiter import LONGEST_PAUSE, PAUSE, READ, WRITE, Limiter, Quota
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_750_000_000.0
ONE, OTHER = 1, 2


def spend(limiter: Limiter, count: int, points: int = WRITE, at: float = NOW) -> None:
    for _ in range(count):
        limiter.take(ONE, points, at, conclusion=False)


def test_an_empty_account_says_when_to_come_back_and_only_then_lets_through() -> None:
    limiter = Limiter(100)
    spend(limiter, 15)  # 75 of 100: the rest is for conclusions
    with pytest.raises(Throttled) as caught:
        limiter.take(ONE, READ, NOW + 10, conclusion=False)
    assert caught.value.retry_at == NOW + 61
    with pytest.raises(Throttled):
        limiter.take(ONE, READ, NOW + 60.9, conclusion=False)
    limiter.take(ONE, READ, NOW + 61, conclusion=False)


def test_conclusions_have_points_that_nothing_else_can_take() -> None:
    limiter = Limiter(100)
    spend(limiter, 15)
    for _ in range(5):
        limiter.take(ONE, WRITE, NOW, conclusion=True)
    with pytest.raises(Throttled):
        limiter.take(ONE, WRITE, NOW, conclusion=True)


def test_progress_has_room_while_less_than_half_is_spent() -> None:
    limiter = Limiter(100)
    spend(limiter, 9)
    assert limiter.has_room(ONE, NOW)
    spend(limiter, 1)
    assert not limiter.has_room(ONE, NOW)
    assert limiter.has_room(OTHER, NOW)
    assert limiter.has_room(ONE, NOW + 61)


def test_installations_do_not_share_their_points() -> None:
    limiter = Limiter(100)
    spend(limiter, 15)
    limiter.take(OTHER, WRITE, NOW, conclusion=False)


def test_however_small_the_setting_one_call_a_minute_goes() -> None:
    limiter = Limiter(1)
    limiter.take(ONE, WRITE, NOW, conclusion=False)
    with pytest.raises(Throttled) as caught:
        limiter.take(ONE, READ, NOW, conclusion=True)
    limiter.take(ONE, READ, caught.value.retry_at, conclusion=False)


def test_a_setting_below_one_is_refused() -> None:
    with pytest.raises(UserError, match="POINTS_PER_MINUTE"):
        Limiter(0)


def test_a_closed_gate_lets_nothing_through_not_even_conclusions() -> None:
    limiter = Limiter()
    assert limiter.close(ONE, NOW + 3000, NOW) == NOW + 3000
    with pytest.raises(Throttled) as caught:
        limiter.take(ONE, READ, NOW + 2999, conclusion=True)
    assert caught.value.retry_at == NOW + 3000
    assert not limiter.has_room(ONE, NOW + 2999)
    limiter.take(ONE, READ, NOW + 3000, conclusion=False)


def test_a_refusal_without_a_time_waits_a_minute_then_longer_each_time() -> None:
    limiter = Limiter()
    assert limiter.close(ONE, None, NOW) == NOW + PAUSE
    assert limiter.close(ONE, None, NOW + 60) == NOW + 60 + 2 * PAUSE
    limiter.heed(ONE, None, NOW + 200)
    assert limiter.close(ONE, None, NOW + 300) == NOW + 300 + PAUSE
    for _ in range(20):
        until = limiter.close(ONE, None, NOW + 400)
    assert NOW + 400 + 3600 < until <= NOW + 400 + LONGEST_PAUSE


@pytest.mark.parametrize("until", [NOW - 50, NOW, NOW + 10**9])
def test_an_absurd_time_is_neither_past_nor_for_ever(until: float) -> None:
    assert NOW < Limiter().close(ONE, until, NOW) <= NOW + LONGEST_PAUSE


def test_the_last_call_of_the_hour_closes_the_gate_until_the_reset() -> None:
    limiter = Limiter()
    limiter.heed(ONE, Quota(0, 5000, NOW + 1200), NOW)
    with pytest.raises(Throttled) as caught:
        limiter.take(ONE, READ, NOW + 1, conclusion=True)
    assert caught.value.retry_at == NOW + 1200


def test_a_low_quota_leaves_out_progress_until_the_reset() -> None:
    limiter = Limiter()
    limiter.heed(ONE, Quota(499, 5000, NOW + 1200), NOW)
    assert not limiter.has_room(ONE, NOW)
    limiter.take(ONE, WRITE, NOW, conclusion=False)
    assert limiter.has_room(ONE, NOW + 1200)


def test_a_clock_that_steps_back_neither_blocks_nor_breaks() -> None:
    limiter = Limiter(100)
    spend(limiter, 1, at=NOW + 600)
    spend(limiter, 1, at=NOW)
    limiter.take(ONE, WRITE, NOW + 661, conclusion=False)


@given(
    st.lists(
        st.tuples(st.floats(0, 30), st.sampled_from([READ, WRITE]), st.booleans()),
        min_size=1,
        max_size=80,
    ),
    st.integers(5, 40),
)
def test_no_minute_ever_sees_more_than_the_points(
    calls: list[tuple[float, int, bool]], points: int
) -> None:
    limiter, now = Limiter(points), NOW
    sent: list[tuple[float, int]] = []
    for gap, cost, conclusion in calls:
        now += gap
        try:
            limiter.take(ONE, cost, now, conclusion=conclusion)
        except Throttled as error:
            assert error.retry_at > now
            now = error.retry_at
            limiter.take(ONE, cost, now, conclusion=conclusion)
        sent.append((now, cost))
    for start, _ in sent:
        within = [cost for at, cost in sent if start <= at < start + 60]
        assert sum(within) <= points


def test_threads_together_spend_no_more_than_there_is() -> None:
    limiter = Limiter(1000)
    taken: list[int] = []

    def spender() -> None:
        for _ in range(200):
            try:
                limiter.take(ONE, WRITE, NOW, conclusion=True)
            except Throttled:
                return
            taken.append(WRITE)

    threads = [threading.Thread(target=spender) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1000


def test_who_would_be_refused_learns_when_to_come_back() -> None:
    limiter = Limiter(100)
    assert limiter.free_at(ONE, WRITE, NOW) == 0
    limiter.take(ONE, 75, NOW, conclusion=False)
    assert limiter.free_at(ONE, WRITE, NOW) == NOW + 61
    assert limiter.free_at(OTHER, WRITE, NOW) == 0
    limiter.close(ONE, NOW + 300, NOW)
    assert limiter.free_at(ONE, WRITE, NOW + 100) == NOW + 300
    assert limiter.free_at(ONE, WRITE, NOW + 300) == 0
