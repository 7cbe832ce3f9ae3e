"""A group opens with its members, is never sent, and makes many waits for many cost only their sum."""

from __future__ import annotations

from rebuild.engine.commands import Apply, Finish, StartTimer
from rebuild.model.facts import Timer, TimerKind
from rebuild.model.faults import Cause
from rebuild.model.states import Outcome
from tests.engine.support import Run, plan, ref, sent, timers


def test_all_gates_of_a_group_open_with_the_last_of_its_members() -> None:
    run = Run(plan("late -> Group/wave ready", "Group/wave -> a ready", "Group/wave -> b exists"))
    assert sent(run.first) == ["a", "b"]
    assert sent(run.ready("a")) == []
    assert sent(run.accept("b")) == ["late"]


def test_a_group_is_no_object_of_the_run() -> None:
    run = Run(plan("Group/wave -> a"))
    assert set(run.state.objects) == {ref("a")}
    assert run.ready("a") == [Finish()]


def test_a_group_without_members_is_open_from_the_start() -> None:
    assert sent(Run(plan("late -> Group/wave")).first) == ["late"]


def test_groups_open_groups() -> None:
    run = Run(plan("c -> Group/two", "Group/two -> Group/one ready", "Group/one -> a", "Group/two -> b"))
    run.accept("b")
    assert sent(run.accept("a")) == ["c"]


def test_the_loss_of_a_hard_member_is_the_loss_of_the_group_and_has_one_cause() -> None:
    run = Run(plan("late -> Group/wave", "Group/wave -> a", "Group/wave -> b"))
    run.fail("a", Cause.INVALID)
    late = run.of("late")
    assert (late.outcome, late.because) == (Outcome.SKIPPED, ref("a"))


def test_a_lost_group_is_no_longer_waited_for_by_soft_edges_and_that_is_noted() -> None:
    run = Run(plan("late ~> Group/hooks served", "Group/hooks -> a served"))
    assert sent(run.fail("a", Cause.INVALID)) == ["late"]
    assert [edge.dependency for edge in run.of("late").released_without] == [ref("Group/hooks")]


def test_a_soft_member_that_fails_only_ends_the_waiting_for_it() -> None:
    run = Run(plan("late -> Group/wave", "Group/wave ~> a", "Group/wave ~> b"))
    assert sent(run.fail("a", Cause.INVALID)) == []
    assert sent(run.accept("b")) == ["late"]


def test_only_who_waits_for_a_group_holds() -> None:
    run = Run(plan("late ~> Group/wave", "Group/wave ~> a"))
    assert timers(run.first, TimerKind.HOLD) == {"late": 10}
    assert sent(run.fire(TimerKind.HOLD, "late")) == ["late"]


def test_an_expected_object_has_its_time_once_the_group_is_open() -> None:
    run = Run(plan("late -> Group/wave", "late -> made", "Group/wave -> a", expected=["made"]))
    assert StartTimer(Timer(TimerKind.DEADLINE, ref("made")), 300) not in run.first
    assert StartTimer(Timer(TimerKind.DEADLINE, ref("made")), 300) in run.accept("a")


def test_many_that_wait_for_many_cost_their_sum() -> None:
    many = range(300)
    lines = [*(f"late{n} -> Group/wave" for n in many), *(f"Group/wave -> early{n}" for n in many)]
    run = Run(plan(*lines))
    assert len(run.state.plan.edges) == 600
    left = [command for n in many for command in run.accept(f"early{n}") if isinstance(command, Apply)]
    assert len(left) == 300
