"""What a failed write leads to: a pause, which a sight may end early, a new object in the old one's place, or an end.

Part of `handle`, and as pure.
"""

from __future__ import annotations

from rebuild.engine import moves, sights
from rebuild.engine.commands import Command, Notice, StartTimer
from rebuild.engine.policy import KEPT, RECREATION, WAITS
from rebuild.engine.state import Progress, Stage, State
from rebuild.model.facts import Timer, TimerKind, WriteFailed
from rebuild.model.faults import Cause
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.plan.steps import Action


def failed(state: State, fact: WriteFailed) -> list[Command]:
    """What to do about a write that the server, or the way to it, has refused."""
    progress = moves.in_flight(state, fact.ref)
    if progress is None:
        return []
    if progress.fault is None or progress.fault.cause is not fact.fault.cause:
        progress.failing_since = fact.at
    progress.fault, progress.failed_at = fact.fault, fact.at
    if _may_recreate(state, progress):
        progress.recreated = True
        state.replacing.add(fact.ref)
        return [moves.sent(state, progress)]
    state.move(progress, Stage.PAUSED)
    lasting = fact.at - progress.failing_since
    pause = state.policy.pause(fact.fault, progress.attempts, fact.chance, lasting=lasting)
    if progress.is_going:
        pause = RECREATION.seconds(progress.attempts, fact.chance)
    if pause is None:
        return moves.release(state, moves.end(state, progress, Outcome.FAILED, _last_words(progress)))
    if progress.overdue:
        return moves.release(state, moves.out_of_time(state, progress))
    progress.retry_at = fact.at + pause
    if state.is_stopped_for(progress):
        return []
    return [*look_out(state, progress), StartTimer(Timer(TimerKind.RETRY, fact.ref, progress.attempts), pause)]


def _may_recreate(state: State, progress: Progress) -> bool:
    """Whether to delete what lives, so that the declared object can take its place."""
    step, fault = progress.step, progress.fault
    return (
        fault is not None
        and fault.cause is Cause.IMMUTABLE
        and step.action is Action.CONFIGURE
        and bool(step.uid)
        and state.policy.may_recreate(step.ref.group_kind)
        and not (progress.recreated or progress.overdue or state.stop_reason)
    )


def _last_words(progress: Progress) -> str:
    """Why a refused object is not tried again, in the server's words, and what may be done."""
    assert progress.fault is not None
    message = progress.fault.message
    if progress.fault.cause in WAITS:
        return message
    if progress.fault.cause is not Cause.IMMUTABLE:
        return f"{message} ({progress.fault.cause}: not tried again)"
    kind = progress.step.ref.kind
    if progress.step.ref.group_kind in KEPT:
        return f"{message} (immutable: a {kind} is never deleted to be made anew)"
    return f"{message} (immutable: `--recreate {kind}` would delete it and make it anew)"


def look_out(state: State, progress: Progress) -> list[Command]:
    """Ask for news of what may let the object pass."""
    assert progress.fault is not None
    manifest = progress.step.manifest
    found = sights.awaited(manifest, progress.fault, state.plan.kinds.of(manifest.ref))
    if progress.is_going:
        found = iter([sights.end_of(manifest.ref)])
    return [Notice(sight) for sight, healths in found if state.sleep_until(progress, sight, healths)]


def wake(state: State, seen: Ref, health: Health, at: float) -> list[Command]:
    """End the pauses of those that waited for this sight, or shorten them to what their cause demands."""
    commands: list[Command] = []
    for progress in state.wake_for(seen, health):
        if state.is_stopped_for(progress):
            continue
        assert progress.fault is not None
        wait = WAITS.get(progress.fault.cause, RECREATION)
        early = progress.failed_at + wait.spacing - at
        if early <= moves.MOMENT:
            commands.append(moves.sent(state, progress))
        elif progress.woken < progress.attempts:
            progress.woken = progress.attempts
            commands.append(StartTimer(Timer(TimerKind.WAKE, progress.step.ref, progress.attempts), early))
    return commands
