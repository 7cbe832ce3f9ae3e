"""The limit against small servers whose answers can be foretold: it finds what they take, and forgives what passes."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.engine.flow import CEILING, FLOOR, LONGEST_HOLD, OVERLOAD, START, Flow
from rebuild.model.faults import Cause, Fault

BUSY = Fault(Cause.OVERLOAD, 429, "too many requests", 1.0)
GONE = Fault(Cause.TRANSPORT, 0, "connection refused")


@dataclass
class Server:
    """Works on so many writes at once, each for so many seconds, and refuses what finds no seat."""

    workers: int
    seconds: float
    seats: int = 1000
    away: tuple[float, float] = (0.0, 0.0)
    refused: int = 0
    now: float = 0.0

    def play(self, flow: Flow, writes: int, *, kinds: tuple[str, ...] = ("ConfigMap",)) -> None:
        """Send writes as quickly as the flow allows; what is refused stands in the queue again."""
        free = [0.0] * self.workers
        under_way: list[tuple[float, int, float, Fault | None]] = []
        serial, left = count(), writes
        while left or under_way:
            if not under_way:
                self.now = max(self.now, flow.held_until)
            while left and len(under_way) < flow.slots and self.now >= flow.held_until:
                left -= 1
                fault = self._fault(sum(each[3] is None for each in under_way))
                at = self.now + 0.001
                if not fault:
                    at = heapq.heappop(free)
                    at = max(at, self.now) + self.seconds
                    heapq.heappush(free, at)
                heapq.heappush(under_way, (at, next(serial), self.now, fault))
            self.now, number, sent_at, fault = heapq.heappop(under_way)
            if fault:
                self.refused += 1
                left += 1
                flow.overloaded(fault, sent_at, self.now, len(under_way) + 1)
            else:
                flow.answered(kinds[number % len(kinds)], self.now - sent_at, len(under_way) + 1)

    def _fault(self, seated: int) -> Fault | None:
        if self.away[0] <= self.now < self.away[1]:
            return GONE
        return BUSY if seated >= self.seats else None


def test_a_server_with_room_gets_as_many_as_there_may_be() -> None:
    flow = Flow()
    Server(workers=1000, seconds=0.05).play(flow, 5000)
    assert flow.slots == CEILING
    assert flow.why() == "no more are ever sent at once, and answers came quickly until then"


def test_a_server_that_is_saturated_is_not_sent_ever_more() -> None:
    flow = Flow()
    server = Server(workers=4, seconds=0.004)
    server.play(flow, 5000)
    settled = flow.slots
    server.play(flow, 50_000)
    assert abs(flow.slots - settled) <= 1, "it does not follow its own latency"
    assert FLOOR <= flow.slots <= START + 8
    assert "times as long as the quickest of their kind" in flow.why()


def test_a_saturated_server_works_no_slower_than_with_the_best_fixed_limit() -> None:
    server, flow = Server(workers=4, seconds=0.004), Flow()
    server.play(flow, 4000)
    assert server.now <= 4000 * 0.004 / 4 * 1.01


def test_answers_are_compared_with_those_of_their_own_kind() -> None:
    flow = Flow()
    for number in range(6000):
        slow = number % 2
        flow.answered("CustomResourceDefinition" if slow else "ConfigMap", 0.2 if slow else 0.002, flow.slots)
    assert flow.slots == CEILING


def test_quick_refusals_do_not_make_writes_look_slow() -> None:
    flow = Flow()
    for number in range(6000):
        refused = Cause.NOT_SERVED if number % 2 else None
        flow.answered("ConfigMap", 0.0005 if refused else 0.01, flow.slots, refused)
    assert flow.slots == CEILING


def test_a_limit_that_is_not_reached_does_not_grow() -> None:
    flow = Flow()
    for _ in range(1000):
        flow.answered("ConfigMap", 0.002, 3)
    assert flow.slots == START
    assert flow.why() == "never reached: 3 writes at most could leave at once"


def test_slow_answers_alone_never_lower_it_below_its_floor() -> None:
    flow = Flow()
    flow.answered("ConfigMap", 0.001, 16)
    for _ in range(10_000):
        flow.answered("ConfigMap", 10.0, flow.slots)
    assert flow.slots == FLOOR


@pytest.mark.parametrize("seats", [1, 2, 5, 10, 40])
def test_a_server_with_few_seats_refuses_little_and_is_kept_busy(seats: int) -> None:
    flow, server = Flow(), Server(workers=seats, seconds=0.01, seats=seats)
    server.play(flow, 4000)
    # The first storm is what finds the seats; after it each try above them costs one.
    assert server.refused <= START + 4000 * 0.08
    assert server.now <= 4000 * 0.01 / seats * 1.05 + 1
    assert "told of overload" in flow.why()


def test_a_server_that_was_away_has_its_writes_back_within_a_few_rounds() -> None:
    flow, server = Flow(), Server(workers=1000, seconds=0.01, away=(1.0, 2.0))
    server.play(flow, 50_000)
    assert flow.lowest == 1
    assert flow.slots >= START


def test_one_storm_lowers_it_once() -> None:
    flow = Flow()
    for _ in range(16):
        flow.overloaded(BUSY, sent_at=0.0, at=0.1, in_flight=16)
    assert flow.slots == START / 2
    assert flow.overloads == 16
    for _ in range(8):
        flow.overloaded(BUSY, sent_at=0.2, at=0.3, in_flight=8)
    assert flow.slots == START / 4


def test_a_write_too_many_costs_one_place() -> None:
    flow = Flow()
    flow.overloaded(BUSY, sent_at=0.0, at=0.1, in_flight=16)
    assert flow.slots == START - 1


def test_the_server_may_make_all_of_us_wait_but_not_for_ever() -> None:
    flow = Flow(limit=1.0)
    flow.overloaded(BUSY, sent_at=0.0, at=5.0, in_flight=1)
    assert flow.held_until == 6.0
    flow.overloaded(Fault(Cause.OVERLOAD, 429, "", 3600.0), sent_at=6.0, at=7.0, in_flight=1)
    assert flow.held_until == 7.0 + LONGEST_HOLD


def test_as_long_as_others_get_through_nobody_else_is_held() -> None:
    flow = Flow()
    flow.overloaded(BUSY, sent_at=0.0, at=5.0, in_flight=16)
    assert flow.held_until == 0.0


def test_only_overload_lowers_it() -> None:
    assert set(OVERLOAD) == {Cause.OVERLOAD, Cause.TRANSPORT}


ANSWERS = st.tuples(st.booleans(), st.floats(0, 100), st.integers(1, 64), st.sampled_from([0.0, 5.0]))


@given(st.lists(ANSWERS, max_size=200))
def test_whatever_comes_there_is_room_for_one_and_never_for_more_than_all(
    answers: list[tuple[bool, float, int, float]],
) -> None:
    flow, now = Flow(), 0.0
    for good, seconds, in_flight, wish in answers:
        now += seconds
        if good:
            flow.answered("ConfigMap", seconds, in_flight)
        else:
            flow.overloaded(Fault(Cause.OVERLOAD, 429, "", wish), now - seconds, now, in_flight)
        assert 1 <= flow.lowest <= flow.slots <= flow.highest <= CEILING
        assert flow.held_until <= now + LONGEST_HOLD
    assert flow.writes == len(answers)
    assert flow.why()
