"""A group opens with its members, is never sent, and makes many waits for many cost only their sum."""

from __future__ import annotations

from rebuild.engine.commands import Finish, StartTimer
from rebuild.engine.handle import begin, handle
from rebuild.engine.state import State
from rebuild.model.facts import Timer, TimerKind, WriteAccepted
from rebuild.model.faults import Cause
from rebuild.model.states import Outcome
from rebuild.plan.steps import Plan
from tests.engine.support import POLICY, Run, plan, ref, sent, timers
from tests.support import calls


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


def many_for_many(size: int) -> Plan:
    """So many objects wait for as many others."""
    many = range(size)
    return plan(*(f"late{n} -> Group/wave" for n in many), *(f"Group/wave -> early{n}" for n in many))


def left_behind(made: Plan) -> list[str]:
    """Who leaves while those that are waited for are accepted one by one; nobody audits, which would cost more."""
    state = State(made, POLICY)
    accepted = [WriteAccepted(ref(name), Outcome.CREATED, 1, 0, 0) for name in sent(begin(state))]
    return [name for fact in accepted for name in sent(handle(state, fact))]


def test_many_that_wait_for_many_all_leave_with_the_last() -> None:
    many = range(30)
    run = Run(many_for_many(30))
    assert [sent(run.accept(f"early{n}")) for n in many[:-1]] == [[]] * 29
    assert len(sent(run.accept("early29"))) == 30


def test_many_that_wait_for_many_cost_their_sum() -> None:
    small, large = many_for_many(150), many_for_many(300)
    assert len(left_behind(large)) == 300
    assert 1.8 < calls.of(lambda: left_behind(large)) / calls.of(lambda: left_behind(small)) < 2.2
