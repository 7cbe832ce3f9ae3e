"""The whole brain: one total function from a state and a fact to commands.

Replaying the same facts gives the same commands, so a journal is enough to resume. Time and chance arrive in
facts. There are no layers: an object leaves in the moment its own gates open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from rebuild.engine import sights
from rebuild.engine.commands import Adopt, Apply, Command, Finish, Notice, Recreate, StartTimer
from rebuild.engine.policy import KEPT, RECREATION, WAITS
from rebuild.engine.state import Progress, Stage, State
from rebuild.model.edges import Gate
from rebuild.model.facts import (
    Fact,
    HealthSeen,
    RunResumed,
    StopAsked,
    Timer,
    TimerFired,
    TimerKind,
    TroubleSeen,
    WriteAccepted,
    WriteFailed,
)
from rebuild.model.faults import Cause
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.model.troubles import TroubleKind
from rebuild.plan import images
from rebuild.plan.steps import Action

TERMINAL = (("batch", "Job"), ("apiextensions.k8s.io", "CustomResourceDefinition"))
"""Only of these does Failed mean for good; everything else may recover until its deadline."""

_MOMENT = 0.001
"""Seconds that are not worth a timer."""
_NOT_SENT = {Action.FAIL: Outcome.FAILED, Action.HOLD_BACK: Outcome.SKIPPED}


def begin(state: State) -> list[Command]:
    """The first commands: the run's clock, the end of what cannot leave at all, and what can leave at once."""
    unsendable = sorted(ref for ref, progress in state.objects.items() if progress.step.action in _NOT_SENT)
    for ref in unsendable:
        step = state.objects[ref].step
        _note_end(state, state.objects[ref], _NOT_SENT[step.action], step.reason)
    # Only now: what cannot be sent for a reason of its own is not skipped because of another.
    for ref in unsendable:
        _give_up(state, ref)
    clock = StartTimer(Timer(TimerKind.RUN), state.policy.run_deadline)
    return _closing(state, [clock, *_release(state, state.objects.values())])


def handle(state: State, fact: Fact) -> list[Command]:
    """What to do now that this has happened. After `Finish`, and for answers to nothing we sent, that is nothing."""
    if isinstance(fact, RunResumed):
        return _closing(state, _resumed(state, fact.at))
    if state.finished:
        return []
    match fact:
        case WriteAccepted():
            commands = _accepted(state, fact)
        case WriteFailed():
            commands = _failed(state, fact)
        case HealthSeen():
            commands = _seen(state, fact)
        case TroubleSeen():
            commands = _troubled(state, fact)
        case TimerFired():
            commands = _fired(state, fact.timer, fact.at)
        case StopAsked():
            state.stop_reason = state.stop_reason or fact.reason
            commands = []
        case _:
            assert_never(fact)
    return _closing(state, commands)


def _closing(state: State, commands: list[Command]) -> list[Command]:
    """When all is over, say so once; when only relapses keep it from being over, give them their time."""
    state.finished = state.is_over
    if state.finished:
        return [*commands, Finish()]
    if state.only_relapses and not state.relapses_timed:
        state.relapses_timed = True
        return [*commands, StartTimer(Timer(TimerKind.RELAPSE), state.policy.object_deadline)]
    return commands


def _resumed(state: State, at: float) -> list[Command]:
    """Begin as `begin` does, from where the run has come: every wait that is left gets its whole time again.

    A write whose answer nobody read is sent once more, which server-side apply allows. What has ended stays so, but the
    run is not over before all that was ready has been seen again.
    """
    state.forget()
    commands: list[Command] = [StartTimer(Timer(TimerKind.RUN), state.policy.run_deadline)]
    for progress in sorted(state.objects.values(), key=_urgency):
        if progress.stage in (Stage.IN_FLIGHT, Stage.PAUSED, Stage.APPLIED):
            commands.append(_deadline(state, progress))
        pause = progress.retry_at - at
        if progress.stage is Stage.PAUSED and pause > _MOMENT:
            commands += _look_out(state, progress)
            commands.append(StartTimer(Timer(TimerKind.RETRY, progress.step.ref, progress.attempts), pause))
        elif progress.stage in (Stage.IN_FLIGHT, Stage.PAUSED):
            commands.append(_sent(state, progress))
        else:
            commands += _release(state, [progress])
    return commands


def _accepted(state: State, fact: WriteAccepted) -> list[Command]:
    progress = _in_flight(state, fact.ref)
    if progress is None:
        return []
    outcome = Outcome.RECREATED if progress.recreated else fact.outcome
    progress.outcome, progress.version, progress.fault = outcome, fact.version, None
    # What was there before had all the time to be contradicted.
    progress.grace_over = fact.outcome is Outcome.UNCHANGED
    state.move(progress, Stage.APPLIED)
    eased = state.open_gates(fact.ref, Gate.EXISTS) + _settle(state, progress)
    if progress.overdue:
        eased += _out_of_time(state, progress)
    return [*_mind_image(state, progress), *_mind_grace(state, progress), *_release(state, eased)]


def _failed(state: State, fact: WriteFailed) -> list[Command]:
    progress = _in_flight(state, fact.ref)
    if progress is None:
        return []
    if progress.fault is None or progress.fault.cause is not fact.fault.cause:
        progress.failing_since = fact.at
    progress.fault, progress.failed_at = fact.fault, fact.at
    if _may_recreate(state, progress):
        progress.recreated = True
        state.replacing.add(fact.ref)
        return [_sent(state, progress)]
    state.move(progress, Stage.PAUSED)
    lasting = fact.at - progress.failing_since
    pause = state.policy.pause(fact.fault, progress.attempts, fact.chance, lasting=lasting)
    if progress.is_going:
        pause = RECREATION.seconds(progress.attempts, fact.chance)
    if pause is None:
        return _release(state, _end(state, progress, Outcome.FAILED, _last_words(progress)))
    if progress.overdue:
        return _release(state, _out_of_time(state, progress))
    progress.retry_at = fact.at + pause
    if state.is_stopped_for(progress):
        return []
    return [*_look_out(state, progress), StartTimer(Timer(TimerKind.RETRY, fact.ref, progress.attempts), pause)]


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


def _look_out(state: State, progress: Progress) -> list[Command]:
    """Ask for news of what may let the object pass."""
    assert progress.fault is not None
    manifest = progress.step.manifest
    found = sights.awaited(manifest, progress.fault, state.plan.kinds.of(manifest.ref))
    if progress.is_going:
        found = iter([sights.end_of(manifest.ref)])
    return [Notice(sight) for sight, healths in found if state.sleep_until(progress, sight, healths)]


def _wake(state: State, fact: HealthSeen) -> list[Command]:
    """End the pauses of those that waited for this sight, or shorten them to what their cause demands."""
    commands: list[Command] = []
    for progress in state.wake_for(fact.ref, fact.status.health):
        if state.is_stopped_for(progress):
            continue
        assert progress.fault is not None
        wait = WAITS.get(progress.fault.cause, RECREATION)
        early = progress.failed_at + wait.spacing - fact.at
        if early <= _MOMENT:
            commands.append(_sent(state, progress))
        elif progress.woken < progress.attempts:
            progress.woken = progress.attempts
            commands.append(StartTimer(Timer(TimerKind.WAKE, progress.step.ref, progress.attempts), early))
    return commands


def _in_flight(state: State, ref: Ref) -> Progress | None:
    """The object, if it has a write that an answer can belong to."""
    progress = state.objects.get(ref)
    return progress if progress and progress.stage is Stage.IN_FLIGHT else None


def _seen(state: State, fact: HealthSeen) -> list[Command]:
    woken = _wake(state, fact)
    progress = state.objects.get(fact.ref)
    if progress is None:
        eased = []
        if fact.status.health not in (Health.NOT_FOUND, Health.UNKNOWN):
            eased += state.open_gates(fact.ref, Gate.EXISTS)
        if fact.status.health is Health.CURRENT:
            eased += state.open_gates(fact.ref, Gate.SERVED, Gate.READY)
        return [*woken, *_release(state, eased)]
    if fact.version < progress.seen_version:
        return woken
    progress.seen, progress.seen_version, progress.unseen = fact.status, fact.version, False
    eased = _settle(state, progress)
    return [*woken, *_mind_grace(state, progress), *_release(state, eased)]


def _troubled(state: State, fact: TroubleSeen) -> list[Command]:
    """Remember what keeps an object's Pods: nothing but a missing image ends it before its deadline."""
    progress = state.objects.get(fact.ref)
    if progress is None:
        return []
    progress.trouble = fact.trouble
    missed = fact.trouble.image if fact.trouble and fact.trouble.kind is TroubleKind.IMAGE else ""
    # Another image is the business of an older revision, which is about to go, or of who put it into the Pod.
    if missed not in (text for text, _ in images.names(progress.step.manifest)):
        missed = ""
    if missed != progress.missed:
        progress.missed, progress.missed_at = missed, fact.at
    return _mind_image(state, progress)


def _mind_image(state: State, progress: Progress, waited: float = 0.0) -> list[Command]:
    """Give an image that cannot be had its time, of which so much has passed."""
    if not progress.missed or progress.stage is not Stage.APPLIED or progress.image_timed or state.stop_reason:
        return []
    progress.image_timed = True
    return [StartTimer(Timer(TimerKind.IMAGE, progress.step.ref), state.policy.image_patience - waited)]


def _mind_grace(state: State, progress: Progress) -> list[Command]:
    """Give whoever may still contradict an assumed health a moment, once."""
    status = progress.status
    if not (status and status.provisional) or progress.stage is not Stage.APPLIED:
        return []
    if progress.grace_timed or state.stop_reason:
        return []
    progress.grace_timed = True
    return [StartTimer(Timer(TimerKind.GRACE, progress.step.ref), state.policy.grace)]


def _give_up_image(state: State, progress: Progress, at: float) -> list[Command]:
    """The image's time is over, unless it was another one, or none, meanwhile."""
    progress.image_timed = False
    waited = at - progress.missed_at
    if waited < state.policy.image_patience - _MOMENT:
        return _mind_image(state, progress, waited)
    if not progress.missed or progress.stage is not Stage.APPLIED:
        return []
    reason = f"no image within {state.policy.image_patience:g} s: {progress.obstacle}"
    return _release(state, _end(state, progress, progress.outcome, reason))


def _settle(state: State, progress: Progress) -> list[Progress]:
    """An accepted object is done when it is healthy, or at once when its health is not awaited."""
    if progress.stage is not Stage.APPLIED:
        return []
    step, status = progress.step, progress.status
    if progress.is_current or not step.awaited:
        state.move(progress, Stage.DONE)
        return state.open_gates(step.ref, Gate.SERVED, Gate.READY)
    if status and status.health is Health.FAILED and step.ref.group_kind in TERMINAL:
        return _end(state, progress, progress.outcome, progress.obstacle)
    return []


def _fired(state: State, timer: Timer, at: float) -> list[Command]:
    if timer.kind is TimerKind.RELAPSE:
        state.relapses_over = True
        return []
    if timer.ref is None:
        state.stop_reason = state.stop_reason or f"the run's {state.policy.run_deadline:g} s are over"
        return []
    progress = state.objects.get(timer.ref)
    if progress is None:
        return _release(state, _give_up(state, timer.ref))
    if timer.kind in (TimerKind.RETRY, TimerKind.WAKE):
        is_due = progress.stage is Stage.PAUSED and timer.attempt == progress.attempts
        return [_sent(state, progress)] if is_due and not state.is_stopped_for(progress) else []
    if timer.kind is TimerKind.HOLD:
        state.stop_waiting(progress, *sorted(progress.soft))
        return _release(state, [progress])
    if timer.kind is TimerKind.GRACE:
        progress.grace_over = True
        return _release(state, _settle(state, progress))
    if timer.kind is TimerKind.IMAGE:
        return _give_up_image(state, progress, at)
    if timer.kind is TimerKind.DEADLINE:
        return _release(state, _out_of_time(state, progress))
    return []


def _out_of_time(state: State, progress: Progress) -> list[Progress]:
    seconds = f"{state.policy.object_deadline:g} s"
    if progress.stage is Stage.APPLIED:
        return _end(state, progress, progress.outcome, f"not ready within {seconds}: {progress.obstacle}")
    if progress.stage is Stage.PAUSED:
        message = progress.fault.message if progress.fault else ""
        return _end(state, progress, Outcome.FAILED, f"not accepted within {seconds}: {message}")
    progress.overdue = progress.stage is Stage.IN_FLIGHT
    return []


def _end(state: State, progress: Progress, outcome: Outcome | None, reason: str) -> list[Progress]:
    """An object will not become ready; returns who no longer waits for it."""
    _note_end(state, progress, outcome, reason)
    return _give_up(state, progress.step.ref)


def _note_end(state: State, progress: Progress, outcome: Outcome | None, reason: str) -> None:
    progress.outcome, progress.reason = outcome, reason
    state.move(progress, Stage.ENDED)


def _give_up(state: State, cause: Ref) -> list[Progress]:
    """Skip what can never leave without this object, all with one cause; returns who no longer waits for any of it."""
    eased = []
    gone = [cause]
    for ref in gone:
        lost, freed = state.give_up_on(ref)
        eased += freed
        for progress in lost:
            if progress.stage is Stage.WAITING:
                progress.because = cause
                _note_end(state, progress, Outcome.SKIPPED, f"waits for {ref}")
                gone.append(progress.step.ref)
    return eased


def _release(state: State, candidates: Iterable[Progress]) -> list[Command]:
    """Let go what waits for nothing any more, the longest expected tail first, names breaking ties."""
    if state.stop_reason:
        return []
    commands: list[Command] = []
    waiting = {p for p in candidates if p.stage is Stage.WAITING}
    for progress in sorted(waiting, key=_urgency):
        if progress.hard:
            commands += _time_others(state, progress)
        elif not progress.soft:
            commands += _deadline(state, progress), _sent(state, progress)
        elif not progress.holding:
            progress.holding = True
            commands.append(StartTimer(Timer(TimerKind.HOLD, progress.step.ref), state.policy.soft_hold))
    return commands


def _time_others(state: State, progress: Progress) -> list[Command]:
    """An expected object gets its time from the moment that something waits for nothing else."""
    untimed = [ref for ref in state.others_awaited(progress) if ref not in state.timed]
    state.timed.update(untimed)
    return [StartTimer(Timer(TimerKind.DEADLINE, ref), state.policy.object_deadline) for ref in untimed]


def _deadline(state: State, progress: Progress) -> Command:
    return StartTimer(Timer(TimerKind.DEADLINE, progress.step.ref), state.policy.object_deadline)


def _sent(state: State, progress: Progress) -> Command:
    ref = progress.step.ref
    progress.attempts += 1
    state.move(progress, Stage.IN_FLIGHT)
    if progress.step.action is Action.KEEP:
        return Adopt(ref)
    return Recreate(ref, progress.attempts) if progress.recreated else Apply(ref, progress.attempts)


def _urgency(progress: Progress) -> tuple[float, Ref]:
    """Sorts by the longest expected tail, names breaking ties."""
    return -progress.step.tail, progress.step.ref
