"""The whole brain: one total function from a state and a fact to commands.

Replaying the same facts gives the same commands, so a journal is enough to resume. Time and chance arrive in
facts. There are no layers: an object leaves in the moment its own gates open.
"""

from __future__ import annotations

from typing import assert_never

from rebuild.engine import failures, moves
from rebuild.engine.commands import Command, Finish, StartTimer
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
from rebuild.model.states import Health, Outcome
from rebuild.model.troubles import TroubleKind
from rebuild.plan import images
from rebuild.plan.steps import Action

TERMINAL = (("batch", "Job"), ("apiextensions.k8s.io", "CustomResourceDefinition"))
"""Only of these does Failed mean for good; everything else may recover until its deadline."""
_NOT_SENT = {Action.FAIL: Outcome.FAILED, Action.HOLD_BACK: Outcome.SKIPPED}


def begin(state: State) -> list[Command]:
    """The first commands: the run's clock, the end of what cannot leave at all, and what can leave at once."""
    unsendable = sorted(ref for ref, progress in state.objects.items() if progress.step.action in _NOT_SENT)
    for ref in unsendable:
        step = state.objects[ref].step
        moves.note_end(state, state.objects[ref], _NOT_SENT[step.action], step.reason)
    # Only now: what cannot be sent for a reason of its own is not skipped because of another.
    for ref in unsendable:
        moves.give_up(state, ref)
    clock = StartTimer(Timer(TimerKind.RUN), state.policy.run_deadline)
    return _closing(state, [clock, *moves.release(state, state.objects.values())])


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
            commands = failures.failed(state, fact)
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
    for progress in sorted(state.objects.values(), key=moves.urgency):
        if progress.stage in (Stage.IN_FLIGHT, Stage.PAUSED, Stage.APPLIED):
            commands.append(moves.deadline(state, progress))
        pause = progress.retry_at - at
        if progress.stage is Stage.PAUSED and pause > moves.MOMENT:
            commands += failures.look_out(state, progress)
            commands.append(StartTimer(Timer(TimerKind.RETRY, progress.step.ref, progress.attempts), pause))
        elif progress.stage in (Stage.IN_FLIGHT, Stage.PAUSED):
            commands.append(moves.sent(state, progress))
        else:
            commands += moves.release(state, [progress])
    return commands


def _accepted(state: State, fact: WriteAccepted) -> list[Command]:
    progress = moves.in_flight(state, fact.ref)
    if progress is None:
        return []
    outcome = Outcome.RECREATED if progress.recreated else fact.outcome
    progress.outcome, progress.version, progress.fault = outcome, fact.version, None
    # What was there before had all the time to be contradicted.
    progress.grace_over = fact.outcome is Outcome.UNCHANGED
    state.move(progress, Stage.APPLIED)
    woken = []
    if fact.status is not None:
        progress.saw(fact.status, fact.version)
        woken = failures.wake(state, fact.ref, fact.status.health, fact.at)
    eased = state.open_gates(fact.ref, Gate.EXISTS) + _settle(state, progress)
    if progress.overdue:
        eased += moves.out_of_time(state, progress)
    return [*woken, *_mind_image(state, progress), *_mind_grace(state, progress), *moves.release(state, eased)]


def _seen(state: State, fact: HealthSeen) -> list[Command]:
    woken = failures.wake(state, fact.ref, fact.status.health, fact.at)
    progress = state.objects.get(fact.ref)
    if progress is None:
        eased = []
        if fact.status.health not in (Health.NOT_FOUND, Health.UNKNOWN):
            eased += state.open_gates(fact.ref, Gate.EXISTS)
        if fact.status.health is Health.CURRENT:
            eased += state.open_gates(fact.ref, Gate.SERVED, Gate.READY)
        return [*woken, *moves.release(state, eased)]
    if not progress.saw(fact.status, fact.version):
        return woken
    eased = _settle(state, progress)
    return [*woken, *_mind_grace(state, progress), *moves.release(state, eased)]


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
    if waited < state.policy.image_patience - moves.MOMENT:
        return _mind_image(state, progress, waited)
    if not progress.missed or progress.stage is not Stage.APPLIED:
        return []
    reason = f"no image within {state.policy.image_patience:g} s: {progress.obstacle}"
    return moves.release(state, moves.end(state, progress, progress.outcome, reason))


def _settle(state: State, progress: Progress) -> list[Progress]:
    """An accepted object is done when it is healthy, or at once when its health is not awaited."""
    if progress.stage is not Stage.APPLIED:
        return []
    step, status = progress.step, progress.status
    if progress.is_current or not step.awaited:
        state.move(progress, Stage.DONE)
        return state.open_gates(step.ref, Gate.SERVED, Gate.READY)
    if status and status.health is Health.FAILED and step.ref.group_kind in TERMINAL:
        return moves.end(state, progress, progress.outcome, progress.obstacle)
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
        return moves.release(state, moves.give_up(state, timer.ref))
    if timer.kind in (TimerKind.RETRY, TimerKind.WAKE):
        is_due = progress.stage is Stage.PAUSED and timer.attempt == progress.attempts
        return [moves.sent(state, progress)] if is_due and not state.is_stopped_for(progress) else []
    if timer.kind is TimerKind.HOLD:
        state.stop_waiting(progress, *sorted(progress.soft))
        return moves.release(state, [progress])
    if timer.kind is TimerKind.GRACE:
        progress.grace_over = True
        return moves.release(state, _settle(state, progress))
    if timer.kind is TimerKind.IMAGE:
        return _give_up_image(state, progress, at)
    if timer.kind is TimerKind.DEADLINE:
        return moves.release(state, moves.out_of_time(state, progress))
    return []
