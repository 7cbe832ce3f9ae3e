"""All answers, in order, and the first failure instead of them."""

from __future__ import annotations

from threading import Barrier, Semaphore, current_thread

import pytest

from rebuild.runner import parallel
from rebuild.runner.parallel import gathered


def test_answers_come_in_the_order_of_the_questions_whoever_is_done_first() -> None:
    last_is_done = Semaphore(0)

    def work(item: int) -> int:
        if item == 2:
            last_is_done.release()
        elif item == 0:
            last_is_done.acquire()
        return item * 10

    assert gathered(work, range(3), at_once=2) == [0, 10, 20]


def test_so_many_are_in_hand_at_once() -> None:
    together = Barrier(3)
    assert len(gathered(lambda _: together.wait(timeout=30), range(6), at_once=3)) == 6


def test_one_thread_is_enough_where_answers_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "STEP", 3600.0)
    assert len(set(gathered(lambda _: current_thread().name, range(20), at_once=4))) == 1


def test_nothing_to_ask_is_nothing_to_wait_for() -> None:
    assert gathered(str, [], at_once=4) == []


def test_the_first_failure_is_raised_and_nothing_more_is_begun() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise LookupError(item)

    with pytest.raises(LookupError):
        gathered(work, range(5), at_once=1)
    assert begun == [0, 1]
