"""What lives is deleted for what is declared only where that was asked for, exactly once, and never left half done."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rebuild.engine.commands import Apply, Command, Finish, Notice, Recreate, StartTimer
from rebuild.engine.policy import KEPT, Policy
from rebuild.engine.sights import Sight
from rebuild.engine.state import Stage
from rebuild.model.facts import HealthSeen, Timer, TimerKind
from rebuild.model.faults import Cause
from rebuild.model.states import Health, Outcome, Status
from rebuild.plan.steps import Action, Plan
from tests.engine.support import POLICY, Run, plan, ref

ALLOWED = replace(POLICY, recreate=frozenset({("apps", "Deployment")}))
DB = ref("db")


def configured(uid: str = "1234", action: Action = Action.CONFIGURE) -> Plan:
    made = plan("db", "web -> db", actions={"db": action})
    return replace(made, steps={**made.steps, DB: replace(made.steps[DB], uid=uid)})


def sent(commands: list[Command]) -> list[Command]:
    return [each for each in commands if isinstance(each, Apply | Recreate)]


def test_an_object_is_made_anew_where_that_is_allowed_and_the_outcome_says_so() -> None:
    run = Run(configured(), ALLOWED)
    assert run.fail("db", Cause.IMMUTABLE) == [Recreate(DB, 2)]
    run.accept("db")
    assert run.of("db").outcome is Outcome.RECREATED


@pytest.mark.parametrize(
    ("policy", "made"),
    [
        (POLICY, configured()),
        (replace(POLICY, recreate=frozenset({("batch", "Job")})), configured()),
        (ALLOWED, configured(uid="")),
        (ALLOWED, configured(action=Action.CREATE)),
    ],
    ids=["not asked for", "another kind", "nobody knows which", "somebody made it meanwhile"],
)
def test_nothing_else_is_deleted(policy: Policy, made: Plan) -> None:
    run = Run(made, policy)
    assert sent(run.fail("db", Cause.IMMUTABLE)) == []
    assert run.of("db").outcome is Outcome.FAILED


@pytest.mark.parametrize("cause", sorted(set(Cause) - {Cause.IMMUTABLE}))
def test_no_other_failure_deletes_anything(cause: Cause) -> None:
    run = Run(configured(), ALLOWED)
    assert sent(run.fail("db", cause)) == []


def test_what_holds_data_is_kept_whatever_is_asked() -> None:
    policy = Policy(recreate=frozenset({*KEPT, ("apps", "Deployment")}))
    assert not any(map(policy.may_recreate, KEPT))
    assert policy.may_recreate(("apps", "Deployment"))


def test_it_waits_until_the_old_object_is_gone() -> None:
    run = Run(configured(), ALLOWED)
    run.fail("db", Cause.IMMUTABLE)
    commands = run.fail("db", Cause.IMMUTABLE)
    assert commands[0] == Notice(Sight("apps", "Deployment", "shop", "db"))
    assert isinstance(commands[1], StartTimer)
    assert run.see("db", Health.TERMINATING, 5) == []
    assert run.see("db", Health.NOT_FOUND, 6) == [Recreate(DB, 3)]
    run.accept("db", version=7)
    assert run.of("db").outcome is Outcome.RECREATED


def test_a_finalizer_that_never_lets_go_ends_it_at_its_deadline() -> None:
    run = Run(configured(), ALLOWED)
    run.fail("db", Cause.IMMUTABLE)
    run.fail("db", Cause.IMMUTABLE)
    run.fire(TimerKind.DEADLINE, "db")
    assert run.of("db").stage is Stage.ENDED
    assert run.of("db").reason == "not accepted within 300 s: it said immutable"
    assert run.of("web").because == DB


def test_a_stop_does_not_leave_behind_what_was_only_deleted() -> None:
    run = Run(configured(), ALLOWED)
    run.fail("db", Cause.IMMUTABLE)
    assert run.stop() == []
    pause = run.fail("db", Cause.IMMUTABLE)
    assert StartTimer(Timer(TimerKind.RETRY, DB, 2), pause[-1].seconds) in pause  # type: ignore[union-attr]
    gone = HealthSeen(DB, Status(Health.NOT_FOUND), 9, 0.0)
    assert run.feed(gone) == [Recreate(DB, 3)]
    assert run.accept("db", version=10) == [Finish()]


def test_after_a_stop_nothing_new_is_deleted() -> None:
    run = Run(configured(), ALLOWED)
    run.stop()
    assert run.fail("db", Cause.IMMUTABLE) == [Finish()]


def test_a_deletion_that_failed_is_tried_again_as_one() -> None:
    run = Run(configured(), ALLOWED)
    run.fail("db", Cause.IMMUTABLE)
    run.fail("db", Cause.TRANSPORT)
    assert run.fire(TimerKind.RETRY, "db") == [Recreate(DB, 3)]
