"""The whole brain: one total function from a state and a fact to commands.

Replaying the same facts gives the same commands, so a journal is enough to resume. Time and chance arrive in
facts. There are no layers: an object leaves in the moment its own gates open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from rebuild.engine.commands import Adopt, Apply, Command, Finish, StartTimer
from rebuild.engine.state import FINAL, Progress, Stage, State
from rebuild.model.edges import Gate
from rebuild.model.facts import Fact, HealthSeen, StopAsked, Timer, TimerFired, TimerKind, WriteAccepted, WriteFailed
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.plan.steps import Action

TERMINAL = (("batch", "Job"), ("apiextensions.k8s.io", "CustomResourceDefinition"))
"""Only of these does Failed mean for good; everything else may recover until its deadline."""


def begin(state: State) -> list[Command]:
    """The first commands: the run's clock, what can leave at once, and the end of what cannot leave at all."""
    commands: list[Command] = [StartTimer(Timer(TimerKind.RUN), state.policy.run_deadline)]
    for ref in state.hard_dependencies_awaited():
        commands.append(StartTimer(Timer(TimerKind.DEADLINE, ref), state.policy.object_deadline))
    for progress in list(state.objects.values()):
        if progress.step.action is Action.FAIL:
            commands += _end(state, progress, Outcome.FAILED, progress.step.reason)
        elif progress.step.action is Action.HOLD_BACK:
            commands += _end(state, progress, Outcome.SKIPPED, progress.step.reason)
    commands += _release(state, state.objects.values())
    return _closing(state, commands)


def handle(state: State, fact: Fact) -> list[Command]:
    """What to do now that this has happened."""
    match fact:
        case WriteAccepted():
            commands = _accepted(state, fact)
        case WriteFailed():
            commands = _failed(state, fact)
        case HealthSeen():
            commands = _seen(state, fact)
        case TimerFired():
            commands = _fired(state, fact.timer)
        case StopAsked():
            state.stop_reason = state.stop_reason or fact.reason
            commands = []
        case _:
            assert_never(fact)
    return _closing(state, commands)


def _closing(state: State, commands: Iterable[Command]) -> list[Command]:
    """After a stop nothing new begins; when all is over, say so once."""
    result = [c for c in commands if not (state.stop_reason and isinstance(c, Apply | Adopt))]
    if state.is_over and not state.finished:
        state.finished = True
        result.append(Finish())
    return result


def _accepted(state: State, fact: WriteAccepted) -> Iterator[Command]:
    progress = state.objects[fact.ref]
    progress.outcome, progress.version, progress.fault = fact.outcome, fact.version, None
    state.move(progress, Stage.APPLIED)
    yield from _release(state, state.open_gates(fact.ref, Gate.EXISTS))
    yield from _settle(state, progress)


def _settle(state: State, progress: Progress) -> Iterator[Command]:
    """An accepted object is done when it is healthy, or when nobody waits for its health."""
    if progress.stage is not Stage.APPLIED:
        return
    if progress.is_current:
        state.move(progress, Stage.DONE)
        yield from _release(state, state.open_gates(progress.step.ref, Gate.SERVED, Gate.READY))
    elif not progress.step.awaited:
        state.move(progress, Stage.DONE)
    elif progress.status and progress.status.health is Health.FAILED and progress.step.ref.group_kind in TERMINAL:
        yield from _end(state, progress, progress.outcome, progress.status.message)


def _failed(state: State, fact: WriteFailed) -> Iterator[Command]:
    progress = state.objects[fact.ref]
    progress.fault = fact.fault
    pause = state.policy.pause(fact.fault, progress.attempts, fact.chance)
    if pause is None:
        yield from _end(state, progress, Outcome.FAILED, fact.fault.message)
    else:
        state.move(progress, Stage.PAUSED)
        yield StartTimer(Timer(TimerKind.RETRY, fact.ref), pause)


def _seen(state: State, fact: HealthSeen) -> Iterator[Command]:
    progress = state.objects.get(fact.ref)
    if progress is None:
        if fact.status.health is not Health.NOT_FOUND and fact.ref not in state.expected_seen:
            state.expected_seen.add(fact.ref)
            yield from _release(state, state.open_gates(fact.ref, Gate.EXISTS))
        if fact.status.health is Health.CURRENT:
            yield from _release(state, state.open_gates(fact.ref, Gate.SERVED, Gate.READY))
        return
    if fact.version >= progress.seen_version:
        progress.seen, progress.seen_version = fact.status, fact.version
        yield from _settle(state, progress)


def _fired(state: State, timer: Timer) -> Iterator[Command]:
    if timer.kind is TimerKind.RUN or timer.ref is None:
        state.stop_reason = state.stop_reason or f"the run's {state.policy.run_deadline:g} s are over"
        return
    progress = state.objects.get(timer.ref)
    if progress is None:
        if timer.ref not in state.expected_seen:
            yield from _give_up(state, timer.ref, timer.ref)
    elif timer.kind is TimerKind.RETRY and progress.stage is Stage.PAUSED:
        yield from _send(state, progress)
    elif timer.kind is TimerKind.HOLD and progress.stage is Stage.WAITING and not progress.hard:
        progress.released_without += tuple(sorted(progress.soft))
        progress.soft.clear()
        yield from _send(state, progress)
    elif timer.kind is TimerKind.DEADLINE and progress.stage not in FINAL:
        yield from _out_of_time(state, progress)


def _out_of_time(state: State, progress: Progress) -> Iterator[Command]:
    seconds = f"{state.policy.object_deadline:g} s"
    if progress.stage is Stage.APPLIED:
        message = progress.status.message if progress.status else "nothing was seen of it"
        yield from _end(state, progress, progress.outcome, f"not ready within {seconds}: {message}")
    elif progress.stage is Stage.PAUSED:
        message = progress.fault.message if progress.fault else ""
        yield from _end(state, progress, Outcome.FAILED, f"not accepted within {seconds}: {message}")
    else:
        # In flight: the answer decides, and no further attempt follows it.
        yield StartTimer(Timer(TimerKind.DEADLINE, progress.step.ref), 1.0)


def _end(state: State, progress: Progress, outcome: Outcome | None, reason: str) -> Iterator[Command]:
    """An object will not become ready: note it once, and skip or free what waits for it."""
    if progress.stage in FINAL:
        return
    progress.outcome, progress.reason = outcome, reason
    state.move(progress, Stage.ENDED)
    yield from _give_up(state, progress.step.ref, progress.because or progress.step.ref)


def _give_up(state: State, ref: Ref, cause: Ref) -> Iterator[Command]:
    lost, freed = state.give_up_on(ref)
    for progress in lost:
        if progress.stage is Stage.WAITING:
            progress.because = cause
            yield from _end(state, progress, Outcome.SKIPPED, f"waits for {ref}")
    yield from _release(state, freed)


def _release(state: State, candidates: Iterable[Progress]) -> Iterator[Command]:
    """Let go what waits for nothing any more, the longest expected tail first, names breaking ties."""
    free = [p for p in candidates if p.stage is Stage.WAITING and not p.hard]
    for progress in sorted(free, key=lambda p: (-p.step.tail, p.step.ref)):
        if not progress.soft:
            yield from _send(state, progress)
        elif not progress.holding:
            progress.holding = True
            yield StartTimer(Timer(TimerKind.HOLD, progress.step.ref), state.policy.soft_hold)


def _send(state: State, progress: Progress) -> Iterator[Command]:
    if progress.stage not in (Stage.WAITING, Stage.PAUSED) or state.stop_reason:
        return
    ref = progress.step.ref
    progress.attempts += 1
    state.move(progress, Stage.IN_FLIGHT)
    if progress.attempts == 1:
        yield StartTimer(Timer(TimerKind.DEADLINE, ref), state.policy.object_deadline)
    if progress.step.action is Action.KEEP:
        yield Adopt(ref)
    else:
        yield Apply(ref, progress.attempts)
