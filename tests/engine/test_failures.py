"""One cause per failure: a failed object fails once, what cannot be without it is skipped, all else goes on."""

from __future__ import annotations

import pytest

from rebuild.engine.commands import Apply, Finish, StartTimer
from rebuild.engine.policy import DENIAL_PATIENCE
from rebuild.engine.state import Stage
from rebuild.model.facts import Timer, TimerKind
from rebuild.model.faults import Cause
from rebuild.model.states import Outcome
from rebuild.plan.steps import Action
from tests.engine.invariants import NEVER_RETRIED
from tests.engine.support import Run, edge, plan, ref, sent


def test_a_failure_that_may_pass_costs_a_pause_and_not_the_object() -> None:
    run = Run(plan("db"))
    assert run.fail("db", Cause.CONFLICT) == [StartTimer(Timer(TimerKind.RETRY, ref("db"), 1), 0.025)]
    assert run.of("db").stage is Stage.PAUSED
    assert run.fire(TimerKind.RETRY, "db") == [Apply(ref("db"), 2)]


def test_the_deadline_starts_with_the_first_attempt_and_with_no_other() -> None:
    run = Run(plan("db"))
    run.fail("db", Cause.OVERLOAD)
    assert run.fire(TimerKind.RETRY, "db") == [Apply(ref("db"), 2)]


def test_each_failure_in_a_row_waits_longer() -> None:
    run = Run(plan("db"))
    for attempt, pause in enumerate((0.25, 0.5, 1.0, 2.0), 1):
        assert run.fail("db", Cause.OVERLOAD) == [StartTimer(Timer(TimerKind.RETRY, ref("db"), attempt), pause)]
        run.fire(TimerKind.RETRY, "db")


def test_the_server_may_ask_for_more_patience() -> None:
    run = Run(plan("db"))
    assert run.fail("db", Cause.OVERLOAD, retry_after=7) == [StartTimer(Timer(TimerKind.RETRY, ref("db"), 1), 7)]


@pytest.mark.parametrize("cause", sorted(NEVER_RETRIED))
def test_a_failure_that_cannot_pass_is_the_end(cause: Cause) -> None:
    run = Run(plan("db", "web"))
    assert run.fail("db", cause) == []
    assert run.of("db").stage is Stage.ENDED
    assert run.of("db").outcome is Outcome.FAILED
    assert run.of("db").reason.startswith(f"it said {cause} ({cause}: ")


def test_a_server_that_denies_everything_gets_the_time_to_learn_its_bindings() -> None:
    run = Run(plan("db"))
    run.fail("db", Cause.TRANSPORT, at=1)
    run.fire(TimerKind.RETRY, "db", at=40)
    for at in (50, 50 + DENIAL_PATIENCE - 1):
        assert sent(run.fail("db", Cause.DENIED, at=at) + run.fire(TimerKind.RETRY, "db", at=at)) == ["db"]
    assert run.fail("db", Cause.DENIED, at=50 + DENIAL_PATIENCE) == [Finish()]
    assert run.of("db").reason == "it said denied"


def test_an_accepted_write_forgets_the_failures_before_it() -> None:
    run = Run(plan("db"))
    run.fail("db", Cause.OVERLOAD)
    run.fire(TimerKind.RETRY, "db")
    run.accept("db")
    assert run.of("db").fault is None


def test_all_that_hard_depends_on_a_failure_is_skipped_for_that_one_cause() -> None:
    run = Run(plan("web -> db", "proxy -> web ready", "view -> proxy", "other"))
    run.fail("db", Cause.INVALID)
    for name, waited_for in (("web", "db"), ("proxy", "web"), ("view", "proxy")):
        assert run.of(name).outcome is Outcome.SKIPPED
        assert run.of(name).because == ref("db")
        assert run.of(name).reason == f"waits for {ref(waited_for)}"
    assert run.of("db").because is None
    assert run.of("other").stage is Stage.IN_FLIGHT


def test_what_lost_two_dependencies_is_skipped_for_the_first() -> None:
    run = Run(plan("web -> db", "web -> cache"))
    run.fail("db", Cause.INVALID)
    run.fail("cache", Cause.INVALID)
    assert run.of("web").because == ref("db")


def test_a_gate_that_opened_before_the_failure_stays_open() -> None:
    run = Run(plan("web -> db exists", "view -> db ready", "proxy -> web"))
    run.accept("db")
    run.fire(TimerKind.DEADLINE, "db")
    assert run.of("view").outcome is Outcome.SKIPPED
    assert sent(run.accept("web")) == ["proxy"]


def test_a_skipped_object_still_shows_which_gates_never_opened() -> None:
    run = Run(plan("web -> db", "web -> cache"))
    run.accept("cache")
    run.fail("db", Cause.INVALID)
    assert run.of("web").hard == {edge("web -> db")}


def test_a_cascade_may_be_longer_than_the_stack_is_deep() -> None:
    length = 3000
    run_plan = plan(*(f"n{i + 1} -> n{i}" for i in range(length)))
    run = Run(run_plan)
    assert run.fail("n0", Cause.INVALID) == [Finish()]
    assert run.of(f"n{length}").because == ref("n0")


class TestNotSent:
    """Steps that the plan already knows not to send."""

    def test_what_cannot_be_sent_fails_at_the_start_and_the_rest_goes_on(self) -> None:
        run = Run(plan("resource", "view -> resource", "web", actions={"resource": Action.FAIL}))
        assert sent(run.first) == ["web"]
        assert run.of("resource").outcome is Outcome.FAILED
        assert run.of("resource").reason == "the plan says so of resource"
        assert run.of("view").because == ref("resource")

    def test_what_is_held_back_is_skipped_with_all_that_depends_on_it(self) -> None:
        run = Run(plan("metric", "view -> metric", "web ~> metric", actions={"metric": Action.HOLD_BACK}))
        assert run.of("metric").outcome is Outcome.SKIPPED
        assert run.of("metric").because is None
        assert run.of("metric").reason == "the plan says so of metric"
        assert run.of("view").because == ref("metric")
        assert sent(run.first) == ["web"]

    def test_each_has_its_own_reason_even_if_it_depends_on_another(self) -> None:
        run = Run(plan("a -> b", "b -> a2", actions={"a": Action.FAIL, "b": Action.FAIL, "a2": Action.FAIL}))
        assert {run.of(name).outcome for name in ("a", "b", "a2")} == {Outcome.FAILED}
        assert run.first[-1] == Finish()

    def test_what_they_release_leaves_in_the_common_order(self) -> None:
        run = Run(plan("b ~> gone", "a", "c", actions={"gone": Action.HOLD_BACK}, tails={"c": 1}))
        assert sent(run.first) == ["c", "a", "b"]


def test_the_refusal_of_an_immutable_field_names_the_flag_that_would_help() -> None:
    run = Run(plan("db"))
    run.fail("db", Cause.IMMUTABLE)
    assert run.of("db").reason == (
        "it said immutable (immutable: `--recreate Deployment` would delete it and make it anew)"
    )


def test_what_holds_data_is_not_offered_to_be_made_anew() -> None:
    run = Run(plan("CustomResourceDefinition/db"))
    run.fail("CustomResourceDefinition/db", Cause.IMMUTABLE)
    assert run.of("CustomResourceDefinition/db").reason.endswith("is never deleted to be made anew)")
