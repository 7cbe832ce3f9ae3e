"""A defect on a thread comes to light where facts are read."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from rebuild.runner.threads import Facts, start


@pytest.mark.parametrize("defect", [RuntimeError("a defect"), SystemExit(3)])
def test_what_a_thread_raises_is_put_among_the_facts(defect: BaseException) -> None:
    facts: Facts = SimpleQueue()

    def work() -> None:
        raise defect

    start(work, facts, name="broken").join()
    assert facts.get_nowait() is defect


def test_a_thread_that_ends_well_says_nothing() -> None:
    facts: Facts = SimpleQueue()
    thread = start(lambda: None, facts, name="fine")
    thread.join()
    assert facts.empty()
    assert thread.daemon
    assert thread.name == "fine"
