"""Timers fire once, in the order of their times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.facts import Timer, TimerKind
from rebuild.model.refs import Ref
from rebuild.runner.timers import Timers

TIMES = st.lists(st.floats(min_value=0, max_value=100), max_size=30)


def timer(number: int) -> Timer:
    return Timer(TimerKind.RETRY, Ref("", "ConfigMap", "default", f"c{number}"))


def test_nothing_is_due_when_nothing_was_set() -> None:
    timers = Timers()
    assert timers.next_due is None
    assert timers.due(1e9) == []


def test_a_timer_fires_at_its_time_and_only_once() -> None:
    timers = Timers()
    timers.set(timer(1), 5.0)
    assert timers.next_due == 5.0
    assert timers.due(4.999) == []
    assert timers.due(5.0) == [timer(1)]
    assert timers.due(5.0) == []
    assert timers.next_due is None


def test_equal_times_fire_in_the_order_they_were_set_in() -> None:
    timers = Timers()
    for number in (3, 1, 2):
        timers.set(timer(number), 1.0)
    assert timers.due(1.0) == [timer(3), timer(1), timer(2)]


@given(times=TIMES, now=st.floats(min_value=0, max_value=100))
def test_what_is_due_comes_out_in_order_and_the_rest_stays(times: list[float], now: float) -> None:
    timers = Timers()
    for number, due in enumerate(times):
        timers.set(timer(number), due)
    ordered = sorted(range(len(times)), key=lambda number: times[number])
    gone = [number for number in ordered if times[number] <= now]
    assert timers.due(now) == [timer(number) for number in gone]
    left = [times[number] for number in ordered if times[number] > now]
    assert timers.next_due == (left[0] if left else None)
