"""Deadlines, stops, and the one end of a run."""

from __future__ import annotations

import pytest

from rebuild.engine.commands import Finish, StartTimer
from rebuild.engine.state import Stage
from rebuild.model.facts import Timer, TimerKind
from rebuild.model.faults import Cause
from rebuild.model.states import Health, Outcome
from tests.engine.support import Run, plan, ref, sent


class TestDeadline:
    """An object's time runs from its first write to its being ready."""

    def test_an_accepted_object_that_is_not_ready_in_time_ends_with_what_was_seen(self) -> None:
        run = Run(plan("db", "web -> db ready"))
        run.accept("db")
        run.see("db", Health.IN_PROGRESS)
        assert run.fire(TimerKind.DEADLINE, "db") == [Finish()]
        assert run.of("db").outcome is Outcome.CREATED
        assert run.of("db").reason == "not ready within 300 s: it is InProgress"
        assert run.of("web").because == ref("db")

    def test_an_object_that_was_never_seen_says_so(self) -> None:
        run = Run(plan("db"))
        run.accept("db")
        run.fire(TimerKind.DEADLINE, "db")
        assert run.of("db").reason == "not ready within 300 s: nothing was seen of it"

    def test_a_paused_object_ends_as_failed_with_its_last_failure(self) -> None:
        run = Run(plan("db"))
        run.fail("db", Cause.WEBHOOK)
        assert run.fire(TimerKind.DEADLINE, "db") == [Finish()]
        assert run.of("db").outcome is Outcome.FAILED
        assert run.of("db").reason == "not accepted within 300 s: it said webhook"

    def test_a_write_in_flight_is_waited_for_and_not_repeated(self) -> None:
        run = Run(plan("db"))
        assert run.fire(TimerKind.DEADLINE, "db") == []
        assert run.fail("db", Cause.OVERLOAD) == [Finish()]
        assert run.of("db").outcome is Outcome.FAILED
        assert run.of("db").reason == "not accepted within 300 s: it said overload"

    def test_a_late_answer_still_opens_exists(self) -> None:
        run = Run(plan("db", "web -> db exists", "view -> db ready"))
        run.fire(TimerKind.DEADLINE, "db")
        assert sent(run.accept("db")) == ["web"]
        assert run.of("db").outcome is Outcome.CREATED
        assert run.of("db").stage is Stage.ENDED
        assert run.of("view").outcome is Outcome.SKIPPED

    def test_a_late_answer_for_an_object_that_was_seen_healthy_is_good_enough(self) -> None:
        run = Run(plan("db"))
        run.fire(TimerKind.DEADLINE, "db")
        run.see("db")
        assert run.accept("db") == [Finish()]
        assert run.of("db").stage is Stage.DONE


class TestRelapse:
    """What was ready and is on its way again when all else is done has its time to recover."""

    def relapsed(self) -> Run:
        run = Run(plan("db", "web"))
        run.ready("db")
        run.see("db", Health.IN_PROGRESS, version=2)
        assert run.ready("web") == [StartTimer(Timer(TimerKind.RELAPSE), 300)]
        return run

    def test_the_run_ends_when_it_has_recovered(self) -> None:
        run = self.relapsed()
        assert run.see("db", Health.IN_PROGRESS, version=3) == []
        assert run.see("db", version=4) == [Finish()]

    def test_the_time_is_the_same_for_all_and_is_given_once(self) -> None:
        run = self.relapsed()
        assert run.see("web", Health.IN_PROGRESS, version=3) == []
        assert run.see("db", version=4) == []
        assert run.fire(TimerKind.RELAPSE) == [Finish()]
        assert run.of("web").stage is Stage.DONE, "verification says what became of it"

    def test_a_stop_does_not_wait_for_it(self) -> None:
        assert self.relapsed().stop() == [Finish()]

    @pytest.mark.parametrize("health", sorted(set(Health) - {Health.IN_PROGRESS}))
    def test_what_is_gone_or_has_failed_is_not_on_its_way(self, health: Health) -> None:
        run = Run(plan("db", "web"))
        run.ready("db")
        run.see("db", health, version=2)
        assert run.ready("web") == [Finish()]

    def test_what_nobody_awaits_does_not_relapse(self) -> None:
        run = Run(plan("db", "web", unawaited=["db"]))
        run.ready("db")
        run.see("db", Health.IN_PROGRESS, version=2)
        assert run.ready("web") == [Finish()]


class TestStop:
    """What is in flight is finished, nothing new begins."""

    def test_a_stop_with_nothing_in_flight_ends_at_once(self) -> None:
        run = Run(plan("db"))
        run.accept("db")
        assert run.stop() == [Finish()]
        assert run.of("db").stage is Stage.APPLIED, "it did not reach its end"

    def test_what_is_in_flight_is_finished(self) -> None:
        run = Run(plan("db", "cache", "web -> db", "view ~> web"))
        assert run.stop() == []
        assert run.accept("db") == [], "nothing new begins"
        assert run.accept("cache") == [Finish()]
        assert run.of("web").stage is Stage.WAITING

    def test_a_failure_after_the_stop_is_not_tried_again_and_not_final(self) -> None:
        run = Run(plan("db", "cache"))
        run.stop()
        assert run.fail("db", Cause.TRANSPORT) == []
        assert run.of("db").stage is Stage.PAUSED
        assert run.accept("cache") == [Finish()]

    def test_a_pause_that_ends_after_the_stop_leads_nowhere(self) -> None:
        run = Run(plan("db", "cache"))
        run.fail("db", Cause.TRANSPORT)
        run.stop()
        assert run.fire(TimerKind.RETRY, "db") == []
        assert run.of("db").stage is Stage.PAUSED

    def test_a_hold_that_ends_after_the_stop_leads_nowhere(self) -> None:
        run = Run(plan("web ~> db"))
        run.stop()
        assert run.fire(TimerKind.HOLD, "web") == []

    def test_the_first_reason_stands(self) -> None:
        run = Run(plan("db"))
        run.stop()
        run.fire(TimerKind.RUN)
        assert run.state.stop_reason == "interrupted"
        late = Run(plan("db"))
        late.fire(TimerKind.RUN)
        late.stop()
        assert late.state.stop_reason == "the run's 1800 s are over"

    def test_the_runs_own_deadline_is_a_stop(self) -> None:
        run = Run(plan("db", "web -> db"))
        assert run.fire(TimerKind.RUN) == []
        assert run.state.stop_reason == "the run's 1800 s are over"
        assert run.accept("db") == [Finish()]


class TestFinish:
    """Once, when all have ended."""

    def test_the_run_is_finished_when_the_last_object_has_ended(self) -> None:
        run = Run(plan("db", "web"))
        assert run.ready("db") == []
        assert run.ready("web") == [Finish()]
        assert run.state.finished

    @pytest.mark.parametrize("kind", TimerKind)
    def test_a_late_timer_changes_nothing(self, kind: TimerKind) -> None:
        run = Run(plan("db"))
        run.ready("db")
        assert run.fire(kind, "" if kind is TimerKind.RUN else "db") == []
        assert run.of("db").stage is Stage.DONE
        assert run.state.stop_reason == ""

    def test_late_answers_and_a_late_stop_change_nothing(self) -> None:
        run = Run(plan("db", "web -> db ready"))
        run.accept("db")
        run.stop()
        assert run.see("db") == []
        assert run.accept("db", version=9) == []
        assert run.fail("db", Cause.INVALID) == []
        assert run.stop() == []
        assert run.of("db").stage is Stage.APPLIED

    def test_a_second_answer_to_the_same_write_changes_nothing(self) -> None:
        run = Run(plan("db", "web -> db", "other"))
        run.ready("db")
        assert run.accept("db", version=9) == []
        assert run.fail("db", Cause.INVALID) == []
        assert run.of("db").stage is Stage.DONE

    def test_a_stale_pause_does_not_repeat_a_write(self) -> None:
        run = Run(plan("db"))
        run.fail("db", Cause.OVERLOAD)
        run.fire(TimerKind.RETRY, "db")
        assert run.fire(TimerKind.RETRY, "db") == []
        assert run.of("db").attempts == 2

    def test_an_answer_for_an_object_that_is_not_ours_changes_nothing(self) -> None:
        run = Run(plan("db"))
        assert run.accept("stranger") == []
        assert run.fail("stranger", Cause.INVALID) == []
