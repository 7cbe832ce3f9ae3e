"""How objects move on: out, when nothing keeps them any more, or to their end, with all that cannot leave without them.

Part of `handle`, and as pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from rebuild.engine.commands import Adopt, Apply, Command, Recreate, StartTimer
from rebuild.engine.state import Progress, Stage, State
from rebuild.model.facts import Timer, TimerKind
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome
from rebuild.plan.steps import Action

MOMENT = 0.001
"""Seconds that are not worth a timer."""


def in_flight(state: State, ref: Ref) -> Progress | None:
    """The object, if it has a write that an answer can belong to."""
    progress = state.objects.get(ref)
    return progress if progress and progress.stage is Stage.IN_FLIGHT else None


def release(state: State, candidates: Iterable[Progress]) -> list[Command]:
    """Let go what waits for nothing any more, the longest expected tail first, names breaking ties."""
    if state.stop_reason:
        return []
    commands: list[Command] = []
    waiting = {p for p in candidates if p.stage is Stage.WAITING}
    for progress in sorted(waiting, key=urgency):
        if progress.hard:
            commands += _time_others(state, progress)
        elif not progress.soft:
            commands += deadline(state, progress), sent(state, progress)
        elif not progress.holding:
            progress.holding = True
            commands.append(StartTimer(Timer(TimerKind.HOLD, progress.step.ref), state.policy.soft_hold))
    return commands


def _time_others(state: State, progress: Progress) -> list[Command]:
    """An expected object gets its time from the moment that something waits for nothing else."""
    untimed = [ref for ref in state.others_awaited(progress) if ref not in state.timed]
    state.timed.update(untimed)
    return [StartTimer(Timer(TimerKind.DEADLINE, ref), state.policy.object_deadline) for ref in untimed]


def deadline(state: State, progress: Progress) -> Command:
    """Give an object its time."""
    return StartTimer(Timer(TimerKind.DEADLINE, progress.step.ref), state.policy.object_deadline)


def sent(state: State, progress: Progress) -> Command:
    """Send an object, or take over what lives as it is declared."""
    ref = progress.step.ref
    progress.attempts += 1
    state.move(progress, Stage.IN_FLIGHT)
    if progress.step.action is Action.KEEP:
        return Adopt(ref)
    return Recreate(ref, progress.attempts) if progress.recreated else Apply(ref, progress.attempts)


def urgency(progress: Progress) -> tuple[float, Ref]:
    """Sorts by the longest expected tail, names breaking ties."""
    return -progress.step.tail, progress.step.ref


def out_of_time(state: State, progress: Progress) -> list[Progress]:
    """An object has had its time; returns who no longer waits for it. A write in flight is let finish first."""
    seconds = f"{state.policy.object_deadline:g} s"
    if progress.stage is Stage.APPLIED:
        return end(state, progress, progress.outcome, f"not ready within {seconds}: {progress.obstacle}")
    if progress.stage is Stage.PAUSED:
        message = progress.fault.message if progress.fault else ""
        return end(state, progress, Outcome.FAILED, f"not accepted within {seconds}: {message}")
    progress.overdue = progress.stage is Stage.IN_FLIGHT
    return []


def end(state: State, progress: Progress, outcome: Outcome | None, reason: str) -> list[Progress]:
    """An object will not become ready; returns who no longer waits for it."""
    note_end(state, progress, outcome, reason)
    return give_up(state, progress.step.ref)


def note_end(state: State, progress: Progress, outcome: Outcome | None, reason: str) -> None:
    """An object is over, for this reason; what waits for it is the caller's business."""
    progress.outcome, progress.reason = outcome, reason
    state.move(progress, Stage.ENDED)


def give_up(state: State, cause: Ref) -> list[Progress]:
    """Skip what can never leave without this object, all with one cause; returns who no longer waits for any of it."""
    eased = []
    gone = [cause]
    for ref in gone:
        lost, freed = state.give_up_on(ref)
        eased += freed
        for progress in lost:
            if progress.stage is Stage.WAITING:
                progress.because = cause
                note_end(state, progress, Outcome.SKIPPED, f"waits for {ref}")
                gone.append(progress.step.ref)
    return eased
