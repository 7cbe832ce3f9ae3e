"""Another process goes on: nothing that has ended happens again, and nothing that was on its way is forgotten."""

from __future__ import annotations

from rebuild.engine.commands import Apply, Command, Finish
from rebuild.engine.state import Stage
from rebuild.model.facts import GapClock, RunResumed, TimerKind
from rebuild.model.faults import Cause
from rebuild.model.states import Health, Outcome
from rebuild.plan.steps import Action
from tests.engine.simulator import PROCESS
from tests.engine.support import MISSED, Run, plan, ref, sent, timers


def resumed(run: Run, at: float = 100.0) -> list[Command]:
    return run.feed(RunResumed(50.0, GapClock.MACHINE, "2026-01-02T03:04:05Z", PROCESS, at))


def test_a_write_whose_answer_nobody_read_is_sent_again_with_its_whole_time() -> None:
    run = Run(plan("web", "db"))
    commands = resumed(run)
    assert [command for command in commands if isinstance(command, Apply)] == [
        Apply(ref("db"), 2),
        Apply(ref("web"), 2),
    ]
    assert timers(commands, TimerKind.DEADLINE) == {"db": 300, "web": 300}


def test_what_needs_no_write_is_adopted_again() -> None:
    run = Run(plan("web", actions={"web": Action.KEEP}))
    assert sent(resumed(run)) == ["web"]
    assert run.accept("web", outcome=Outcome.UNCHANGED) == []
    assert run.see("web") == [Finish()]


def test_what_was_accepted_is_not_sent_again_and_has_to_be_seen_anew() -> None:
    run = Run(plan("web -> db ready"))
    run.accept("db", version=5)
    run.see("db", Health.IN_PROGRESS, 6)
    commands = resumed(run)
    assert sent(commands) == []
    assert timers(commands, TimerKind.DEADLINE) == {"db": 300}
    assert run.of("db").status is None
    assert sent(run.see("db", Health.CURRENT, 5)) == ["web"]


def test_what_was_ready_is_waited_for_until_it_has_been_seen() -> None:
    run = Run(plan("db", "web"))
    run.ready("db")
    run.accept("web")
    resumed(run)
    assert TimerKind.RELAPSE in {c.timer.kind for c in run.see("web") if hasattr(c, "timer")}
    assert run.see("db", Health.CURRENT, 9) == [Finish()]


def test_what_was_ready_and_is_gone_is_left_to_verification() -> None:
    run = Run(plan("db"))
    assert run.ready("db") == [Finish()]
    assert Finish() not in resumed(run)
    assert run.see("db", Health.NOT_FOUND, 9) == [Finish()]
    assert run.of("db").stage is Stage.DONE


def test_a_pause_lasts_as_long_as_it_would_have() -> None:
    run = Run(plan("web", "db"))
    run.fail("web", Cause.OVERLOAD, retry_after=60, at=90)
    run.fail("db", Cause.OVERLOAD, retry_after=5, at=90)
    commands = resumed(run, at=100)
    assert sent(commands) == ["db"]
    assert timers(commands, TimerKind.RETRY) == {"web": 50}


def test_a_run_that_was_stopped_goes_on_where_it_was() -> None:
    run = Run(plan("web -> db"))
    run.stop()
    assert run.accept("db") == [Finish()]
    commands = resumed(run)
    assert sent(commands) == ["web"]
    assert Finish() not in commands


def test_what_has_failed_or_was_skipped_stays_so() -> None:
    run = Run(plan("web -> db", "other"))
    run.fail("db", Cause.INVALID)
    run.ready("other")
    assert sent(resumed(run)) == []
    assert run.of("db").outcome is Outcome.FAILED
    assert run.of("web").outcome is Outcome.SKIPPED
    assert run.see("other", Health.CURRENT, 9) == [Finish()]


def test_a_hold_begins_anew() -> None:
    run = Run(plan("web ~> db"))
    assert timers(run.first, TimerKind.HOLD) == {"web": 10}
    assert timers(resumed(run), TimerKind.HOLD) == {"web": 10}


def test_an_image_that_could_not_be_had_gets_its_time_again() -> None:
    run = Run(plan("web"))
    run.accept("web")
    assert timers(run.trouble("web", MISSED, at=1), TimerKind.IMAGE) == {"web": 30}
    assert timers(resumed(run), TimerKind.IMAGE) == {}
    assert timers(run.trouble("web", MISSED, at=101), TimerKind.IMAGE) == {"web": 30}
