"""What keeps an object's Pods explains its end, and an image that cannot be had brings that about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.engine.commands import Finish, StartTimer
from rebuild.engine.policy import Policy
from rebuild.engine.state import Stage
from rebuild.model.facts import Timer, TimerKind
from rebuild.model.states import Health, Outcome
from rebuild.model.troubles import Trouble, TroubleKind
from tests.engine.support import CRASHED, MISSED, POLICY, Run, plan, ref, sent, timers

PATIENCE = Policy().image_patience
BACKING_OFF = Trouble(TroubleKind.IMAGE, "Pod web-1: back-off", MISSED.image)
CONFIG = Trouble(TroubleKind.CONFIG, 'Pod web-1: configmap "settings" not found')


def missing() -> Run:
    """An accepted object whose image cannot be had, since second 5."""
    run = Run(plan("web", "view -> web ready"))
    run.accept("web")
    run.see("web", Health.IN_PROGRESS)
    assert timers(run.trouble("web", MISSED, at=5), TimerKind.IMAGE) == {"web": PATIENCE}
    return run


class TestMissingImage:
    """It ends its object after a short patience."""

    def test_an_image_that_cannot_be_had_ends_its_object_and_is_named(self) -> None:
        run = missing()
        assert run.fire(TimerKind.IMAGE, "web", at=5 + PATIENCE) == [Finish()]
        assert run.of("web").outcome is Outcome.CREATED
        assert run.of("web").stage is Stage.ENDED
        assert run.of("web").reason == "no image within 30 s: it is InProgress; Pod web-1: no such image"
        assert run.of("view").because == ref("web")

    def test_another_message_about_the_same_image_does_not_start_its_time_anew(self) -> None:
        run = missing()
        assert run.trouble("web", BACKING_OFF, at=20) == []
        assert run.fire(TimerKind.IMAGE, "web", at=5 + PATIENCE) == [Finish()]
        assert run.of("web").reason.endswith("back-off")

    @pytest.mark.parametrize("meanwhile", [None, CRASHED])
    def test_an_image_that_came_after_all_is_forgiven(self, meanwhile: Trouble | None) -> None:
        run = missing()
        run.trouble("web", meanwhile, at=20)
        assert run.fire(TimerKind.IMAGE, "web", at=5 + PATIENCE) == []
        assert run.of("web").stage is Stage.APPLIED
        assert run.see("web", version=9) != []
        assert run.of("web").stage is Stage.DONE

    def test_an_image_that_is_lost_again_gets_its_whole_time_again(self) -> None:
        run = missing()
        run.trouble("web", None, at=20)
        assert run.trouble("web", MISSED, at=25) == []
        again = StartTimer(Timer(TimerKind.IMAGE, ref("web")), 20)
        assert run.fire(TimerKind.IMAGE, "web", at=35) == [again]
        assert run.fire(TimerKind.IMAGE, "web", at=55) == [Finish()]

    def test_an_image_that_was_missing_before_our_write_has_its_time_from_the_write_on(self) -> None:
        run = Run(plan("web"))
        assert run.trouble("web", MISSED) == []
        assert timers(run.accept("web"), TimerKind.IMAGE) == {"web": PATIENCE}

    def test_an_image_that_nobody_declared_is_told_and_waited_for(self) -> None:
        run = Run(plan("web"))
        run.accept("web")
        assert run.trouble("web", Trouble(TroubleKind.IMAGE, "no old image", "app:0")) == []
        run.fire(TimerKind.DEADLINE, "web")
        assert run.of("web").reason == "not ready within 300 s: nothing was seen of it; no old image"

    def test_nothing_is_timed_after_a_stop_or_an_end(self) -> None:
        run = Run(plan("web", "db"))
        run.accept("web")
        run.stop()
        assert run.trouble("web", MISSED) == []
        other = Run(plan("web", "db"))
        other.ready("web")
        assert other.trouble("web", MISSED) == []
        assert other.trouble("stranger", MISSED) == []

    def test_an_unawaited_object_is_done_whatever_its_image_is(self) -> None:
        run = Run(plan("web", unawaited=["web"]))
        run.trouble("web", MISSED)
        assert run.accept("web") == [Finish()]


@pytest.mark.parametrize("trouble", [CRASHED, CONFIG])
def test_what_may_recover_waits_for_the_deadline_and_is_told_then(trouble: Trouble) -> None:
    run = Run(plan("web"))
    run.accept("web")
    run.see("web", Health.IN_PROGRESS)
    assert run.trouble("web", trouble) == []
    assert run.fire(TimerKind.DEADLINE, "web", at=POLICY.object_deadline) == [Finish()]
    assert run.of("web").reason == f"not ready within 300 s: it is InProgress; {trouble.message}"


def test_what_is_over_is_not_told() -> None:
    run = Run(plan("web"))
    run.accept("web")
    run.see("web", Health.IN_PROGRESS)
    run.trouble("web", CRASHED)
    run.trouble("web", None)
    run.fire(TimerKind.DEADLINE, "web")
    assert run.of("web").reason == "not ready within 300 s: it is InProgress"


def test_a_failed_job_says_how_its_pod_ended() -> None:
    run = Run(plan("Job/seed"))
    run.accept("Job/seed")
    run.trouble("Job/seed", CRASHED)
    assert run.see("Job/seed", Health.FAILED) == [Finish()]
    assert run.of("Job/seed").reason == f"it is Failed; {CRASHED.message}"


def test_a_trouble_lets_nothing_leave_and_stops_nothing() -> None:
    run = Run(plan("web", "db", "view -> db"))
    run.trouble("db", CRASHED)
    assert sent(run.accept("db")) == ["view"]


GAPS = st.sampled_from([0.25, 1, 2, 3, 10, 29, 30])


STORIES = st.lists(
    st.tuples(GAPS, st.sampled_from([MISSED, BACKING_OFF])) | st.tuples(GAPS, st.sampled_from([None, CRASHED])),
    min_size=3,
    max_size=8,
)


@given(STORIES)
def test_an_object_ends_once_its_image_was_missing_for_the_whole_patience_and_never_before(
    story: list[tuple[float, Trouble | None]],
) -> None:
    run = Run(plan("web"))
    run.accept("web")
    now, ended_at, due, missing_since, expected = 0.0, None, None, None, None
    for gap, trouble in [*story, (100.0, None)]:
        now += gap
        while due is not None and due <= now:
            commands = run.fire(TimerKind.IMAGE, "web", at=due)
            ended_at = due if Finish() in commands else ended_at
            due = due + timers(commands, TimerKind.IMAGE)["web"] if timers(commands, TimerKind.IMAGE) else None
        if expected is None and missing_since is not None and now >= missing_since + PATIENCE:
            expected = missing_since + PATIENCE
        missing_since = (now if missing_since is None else missing_since) if trouble in (MISSED, BACKING_OFF) else None
        started = timers(run.trouble("web", trouble, at=now), TimerKind.IMAGE)
        due = now + started["web"] if started else due
    assert ended_at == (None if expected is None else pytest.approx(expected, abs=0.01))
