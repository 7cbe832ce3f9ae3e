"""Outcome and health are two axes: an accepted object is done when it is healthy as of our write."""

from __future__ import annotations

import pytest

from rebuild.engine.commands import Command, Finish
from rebuild.engine.state import Stage
from rebuild.model.facts import HealthSeen, TimerKind
from rebuild.model.states import Health, Outcome, Status
from rebuild.plan.steps import Action
from tests.engine.support import Run, plan, ref, sent, timers


def test_the_watch_may_be_faster_than_the_answer_to_the_write() -> None:
    seen_first, accepted_first = Run(plan("view -> db ready")), Run(plan("view -> db ready"))
    assert seen_first.see("db", version=7) == []
    assert accepted_first.accept("db", version=7) == []
    assert seen_first.accept("db", version=7) == accepted_first.see("db", version=7)
    for run in (seen_first, accepted_first):
        assert run.of("db").stage is Stage.DONE
        assert run.of("view").stage is Stage.IN_FLIGHT


def test_an_answer_that_tells_the_health_is_one_fact_in_place_of_two() -> None:
    at_once, in_turn = Run(plan("view -> db ready")), Run(plan("view -> db ready"))
    assert at_once.accept("db", version=7, health=Health.CURRENT) == in_turn.accept("db", 7) + in_turn.see(
        "db", version=7
    )
    assert at_once.of("db").stage is Stage.DONE
    assert at_once.see("db", Health.FAILED, version=6) == []
    assert at_once.of("db").status == Status(Health.CURRENT, "it is Current")


def test_an_answer_may_be_overtaken_by_the_watch() -> None:
    run = Run(plan("view -> db ready"))
    run.see("db", Health.IN_PROGRESS, version=8)
    assert run.accept("db", version=7, health=Health.CURRENT) == []
    assert run.of("db").stage is Stage.APPLIED


def test_health_from_before_our_write_says_nothing_about_it() -> None:
    run = Run(plan("view -> db ready"))
    run.see("db", Health.CURRENT, version=6)
    assert run.accept("db", version=7, outcome=Outcome.CONFIGURED) == []
    assert run.of("db").status is None
    assert sent(run.see("db", Health.CURRENT, version=7)) == ["view"]


def test_health_that_arrives_after_a_newer_one_is_forgotten() -> None:
    run = Run(plan("db"))
    run.accept("db", version=5)
    run.see("db", Health.IN_PROGRESS, version=9)
    assert run.see("db", Health.CURRENT, version=8) == []
    assert run.of("db").stage is Stage.APPLIED


def test_an_unchanged_object_is_done_by_the_health_that_it_had() -> None:
    run = Run(plan("db", actions={"db": Action.KEEP}))
    run.see("db", version=5)
    assert run.accept("db", version=5, outcome=Outcome.UNCHANGED) == [Finish()]


@pytest.mark.parametrize("name", ["Job/seed", "CustomResourceDefinition/things"])
def test_failed_is_for_good_where_kubernetes_never_tries_again(name: str) -> None:
    run = Run(plan(name, f"web -> {name} ready"))
    run.accept(name)
    assert run.see(name, Health.FAILED) == [Finish()]
    assert run.of(name).outcome is Outcome.CREATED, "our write did what it should"
    assert run.of(name).stage is Stage.ENDED
    assert run.of(name).reason == "it is Failed"
    assert run.of("web").because == ref(name)


def test_a_job_that_failed_before_our_write_arrived_counts_from_the_answer() -> None:
    run = Run(plan("Job/seed"))
    assert run.see("Job/seed", Health.FAILED, version=3) == []
    assert run.accept("Job/seed", version=3) == [Finish()]


def test_everything_else_may_recover_from_failed() -> None:
    run = Run(plan("web"))
    run.accept("web")
    assert run.see("web", Health.FAILED) == []
    assert run.see("web", Health.CURRENT, version=2) == [Finish()]
    assert run.of("web").stage is Stage.DONE


def test_what_is_done_stays_done() -> None:
    run = Run(plan("db", "web"))
    run.ready("db")
    assert run.see("db", Health.FAILED, version=9) == []
    assert run.fire(TimerKind.DEADLINE, "db") == []
    assert run.of("db").stage is Stage.DONE
    status = run.of("db").status
    assert status
    assert status.health is Health.FAILED, "it is still told what it became"


def test_health_of_an_object_that_nobody_asked_about_is_ignored() -> None:
    assert Run(plan("db")).see("stranger") == []


class TestAnAssumedHealth:
    """Nobody reports it, and somebody still may."""

    ASSUMED = Status(Health.CURRENT, "nobody says so", assumed=True, provisional=True)

    def see(self, run: Run, status: Status, version: int = 1) -> list[Command]:
        return run.feed(HealthSeen(ref("db"), status, version, 0))

    def test_counts_after_a_moment(self) -> None:
        run = Run(plan("view -> db ready"))
        run.accept("db")
        assert timers(self.see(run, self.ASSUMED), TimerKind.GRACE) == {"db": 5.0}
        assert run.of("db").stage is Stage.APPLIED
        assert sent(run.fire(TimerKind.GRACE, "db")) == ["view"]
        assert run.of("db").stage is Stage.DONE

    def test_is_contradicted_in_that_moment_and_waited_for_like_any_other(self) -> None:
        run = Run(plan("view -> db ready"))
        run.accept("db")
        self.see(run, self.ASSUMED)
        assert run.see("db", Health.IN_PROGRESS, version=2) == []
        assert run.fire(TimerKind.GRACE, "db") == []
        assert sent(run.see("db", version=3)) == ["view"]

    def test_is_timed_once(self) -> None:
        run = Run(plan("view -> db ready"))
        run.accept("db")
        assert timers(self.see(run, self.ASSUMED), TimerKind.GRACE)
        assert self.see(run, self.ASSUMED, version=2) == []

    def test_that_was_seen_before_the_answer_to_the_write_counts_after_the_same_moment(self) -> None:
        run = Run(plan("db"))
        assert self.see(run, self.ASSUMED) == []
        assert timers(run.accept("db"), TimerKind.GRACE) == {"db": 5.0}
        assert run.fire(TimerKind.GRACE, "db") == [Finish()]

    def test_of_an_object_that_was_there_before_counts_at_once(self) -> None:
        run = Run(plan("db", actions={"db": Action.KEEP}))
        self.see(run, self.ASSUMED)
        assert run.accept("db", outcome=Outcome.UNCHANGED) == [Finish()]

    def test_that_nothing_can_contradict_counts_at_once(self) -> None:
        run = Run(plan("view -> db ready"))
        run.accept("db")
        assert sent(self.see(run, Status(Health.CURRENT, "nobody can say more", assumed=True))) == ["view"]
