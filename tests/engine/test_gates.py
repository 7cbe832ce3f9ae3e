"""An object leaves in the moment its own gates open: not before, not later, and in the order of its tail."""

from __future__ import annotations

import pytest

from rebuild.engine.commands import Adopt, Apply, Finish, StartTimer
from rebuild.engine.state import Stage
from rebuild.model.facts import Timer, TimerKind
from rebuild.model.faults import Cause
from rebuild.model.states import Health, Outcome
from rebuild.plan.steps import Action
from tests.engine.support import POLICY, Run, edge, plan, ref, sent, timers


def test_the_run_begins_with_its_clock_and_with_all_that_waits_for_nothing() -> None:
    assert Run(plan("web -> db")).first == [
        StartTimer(Timer(TimerKind.RUN), 1800),
        StartTimer(Timer(TimerKind.DEADLINE, ref("db")), 300),
        Apply(ref("db"), 1),
    ]


def test_an_empty_plan_is_finished_at_once() -> None:
    assert Run(plan()).first == [StartTimer(Timer(TimerKind.RUN), 1800), Finish()]


def test_exists_opens_when_the_write_is_accepted() -> None:
    run = Run(plan("web -> db exists"))
    assert sent(run.accept("db")) == ["web"]


@pytest.mark.parametrize("gate", ["served", "ready"])
def test_served_and_ready_open_when_the_accepted_object_is_current(gate: str) -> None:
    run = Run(plan(f"web -> db {gate}"))
    assert run.accept("db") == []
    assert run.see("db", Health.IN_PROGRESS) == []
    assert sent(run.see("db", Health.CURRENT, version=2)) == ["web"]


@pytest.mark.parametrize("gate", ["served", "ready"])
def test_all_gates_of_an_object_whose_health_is_not_awaited_open_when_it_is_accepted(gate: str) -> None:
    run = Run(plan(f"web -> db {gate}", unawaited=["db"]))
    assert sent(run.accept("db")) == ["web"]
    assert run.of("db").stage is Stage.DONE


def test_an_object_waits_for_all_its_hard_gates() -> None:
    run = Run(plan("web -> db", "web -> cache", "web -> queue ready"))
    assert run.accept("db") == []
    assert run.accept("cache") == []
    assert run.accept("queue") == []
    assert sent(run.see("queue")) == ["web"]


def test_there_are_no_layers() -> None:
    run = Run(plan("web -> db", "proxy -> web", "slow"))
    run.accept("db")
    assert sent(run.accept("web")) == ["proxy"]


def test_the_longest_tail_goes_first_and_names_break_ties() -> None:
    run = Run(plan("a", "b", "c", "d", tails={"b": 1, "d": 5}))
    assert sent(run.first) == ["d", "b", "a", "c"]


def test_the_order_holds_across_all_the_gates_that_one_fact_opens() -> None:
    run = Run(plan("a -> db exists", "b -> db ready", tails={"b": 1}))
    run.see("db")
    assert sent(run.accept("db")) == ["b", "a"]


def test_what_is_already_as_declared_is_adopted_and_not_written() -> None:
    run = Run(plan("db", "web -> db ready", actions={"db": Action.KEEP}))
    assert run.first[-1] == Adopt(ref("db"))
    run.accept("db", outcome=Outcome.UNCHANGED)
    assert sent(run.see("db")) == ["web"]


def test_an_adopted_object_waits_for_its_gates_too() -> None:
    run = Run(plan("web -> db", actions={"web": Action.KEEP}))
    assert run.accept("db")[-1] == Adopt(ref("web"))


class TestSoft:
    """Order only."""

    def test_a_soft_gate_holds_for_ten_seconds(self) -> None:
        run = Run(plan("web ~> db"))
        assert timers(run.first, TimerKind.HOLD) == {"web": 10}
        assert sent(run.first) == ["db"]
        assert sent(run.fire(TimerKind.HOLD, "web")) == ["web"]
        assert run.of("web").released_without == (edge("web ~> db"),)

    def test_a_soft_gate_that_opens_leaves_no_note(self) -> None:
        run = Run(plan("web ~> db ready"))
        run.accept("db")
        assert sent(run.see("db")) == ["web"]
        assert run.of("web").released_without == ()
        assert run.fire(TimerKind.HOLD, "web") == []

    def test_the_hold_begins_when_the_hard_gates_are_open(self) -> None:
        run = Run(plan("web -> db", "web ~> cache"))
        assert timers(run.first, TimerKind.HOLD) == {}
        assert timers(run.accept("db"), TimerKind.HOLD) == {"web": 10}

    def test_the_hold_begins_once(self) -> None:
        run = Run(plan("web ~> db", "web ~> cache"))
        assert timers(run.first, TimerKind.HOLD) == {"web": 10}
        assert run.accept("db") == []
        run.fire(TimerKind.HOLD, "web")
        assert run.of("web").released_without == (edge("web ~> cache"),)

    def test_a_failed_dependency_releases_at_once_with_a_note(self) -> None:
        run = Run(plan("web ~> db"))
        assert sent(run.fail("db", Cause.INVALID)) == ["web"]
        assert run.of("web").released_without == (edge("web ~> db"),)

    def test_a_skipped_dependency_releases_at_once_with_a_note(self) -> None:
        run = Run(plan("db -> disk", "web ~> db"))
        assert sent(run.fail("disk", Cause.INVALID)) == ["web"]
        assert run.of("web").released_without == (edge("web ~> db"),)

    def test_a_dependency_that_is_never_ready_releases_with_a_note(self) -> None:
        run = Run(plan("web -> slow", "web ~> db ready"))
        run.accept("db")
        assert run.fire(TimerKind.DEADLINE, "db") == []
        assert sent(run.accept("slow")) == ["web"]
        assert run.of("web").released_without == (edge("web ~> db ready"),)

    def test_what_becomes_of_a_dependency_afterwards_is_not_noted_again(self) -> None:
        run = Run(plan("web ~> db", "view ~> cache"))
        run.fire(TimerKind.HOLD, "web")
        run.fail("db", Cause.INVALID)
        assert run.of("web").released_without == (edge("web ~> db"),)
        run.accept("cache")
        run.fire(TimerKind.DEADLINE, "cache")
        assert run.of("view").released_without == ()


class TestExpected:
    """Objects that others make."""

    def test_being_seen_opens_exists(self) -> None:
        run = Run(plan("pod -> account", expected=["account"]))
        assert sent(run.first) == []
        assert run.see("account", Health.NOT_FOUND) == []
        assert run.see("account", Health.UNKNOWN, version=2) == []
        assert sent(run.see("account", Health.IN_PROGRESS, version=3)) == ["pod"]

    @pytest.mark.parametrize("gate", ["served", "ready"])
    def test_being_current_opens_the_others(self, gate: str) -> None:
        run = Run(plan(f"resource -> CustomResourceDefinition/crd {gate}", expected=["CustomResourceDefinition/crd"]))
        assert run.see("CustomResourceDefinition/crd", Health.IN_PROGRESS) == []
        assert sent(run.see("CustomResourceDefinition/crd", version=2)) == ["resource"]

    def test_its_time_starts_when_something_waits_for_nothing_else(self) -> None:
        run = Run(plan("pod -> account", "pod -> namespace", "other -> account", "other -> late", expected=["account"]))
        assert timers(run.first, TimerKind.DEADLINE) == {"late": 300, "namespace": 300}
        assert run.accept("namespace") == [StartTimer(Timer(TimerKind.DEADLINE, ref("account")), 300)]
        assert run.accept("late") == [], "its time runs already"

    def test_one_that_never_comes_skips_what_cannot_leave_without_it(self) -> None:
        run = Run(plan("pod -> account", "web ~> account", "view -> pod", expected=["account"]))
        assert sent(run.fire(TimerKind.DEADLINE, "account")) == ["web"]
        for name in ("pod", "view"):
            assert run.of(name).outcome is Outcome.SKIPPED
            assert run.of(name).because == ref("account")

    def test_one_that_exists_and_is_never_ready_skips_what_needs_it_ready(self) -> None:
        run = Run(plan("pod -> account", "view -> account ready", expected=["account"]))
        assert sent(run.see("account", Health.IN_PROGRESS)) == ["pod"]
        run.fire(TimerKind.DEADLINE, "account")
        assert run.of("view").outcome is Outcome.SKIPPED
        assert run.of("pod").stage is Stage.IN_FLIGHT

    def test_one_that_comes_too_late_changes_nothing(self) -> None:
        run = Run(plan("pod -> account", "web", expected=["account"]))
        run.fire(TimerKind.DEADLINE, "account")
        assert run.see("account") == []

    def test_a_soft_one_is_held_for_and_then_not(self) -> None:
        run = Run(plan("web ~> token", expected=["token"]))
        assert timers(run.first, TimerKind.HOLD) == {"web": POLICY.soft_hold}
        assert sent(run.fire(TimerKind.HOLD, "web")) == ["web"]
        assert run.of("web").released_without == (edge("web ~> token"),)
