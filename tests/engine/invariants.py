"""What holds after every fact of every run, checked by a bookkeeper that learns from facts and commands alone.

It looks into the engine's state only for the stage, the outcome and the notes of each object.
"""

from __future__ import annotations

from collections.abc import Iterable

from rebuild.engine import sights
from rebuild.engine.commands import Adopt, Apply, Command, Finish, Notice, Recreate, StartTimer
from rebuild.engine.policy import KEPT, RECREATION, WAITS
from rebuild.engine.sights import Sight
from rebuild.engine.state import FINAL, Stage, State
from rebuild.model.edges import Edge, Gate, Strength
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
from rebuild.model.faults import Cause, Fault
from rebuild.model.groups import is_group
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.plan.steps import Action

IMAGE = "app:1"

NEVER_RETRIED = frozenset({Cause.FIELD_CONFLICT, Cause.IMMUTABLE, Cause.INVALID, Cause.FORBIDDEN, Cause.UNAUTHORIZED})
NOT_SENT = {Action.FAIL: Outcome.FAILED, Action.HOLD_BACK: Outcome.SKIPPED}


class Auditor:
    """Follows one run from outside; every method raises AssertionError when an invariant is broken."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.steps = state.plan.steps
        ends = {ref for edge in state.plan.edges for ref in (edge.dependent, edge.dependency)}
        self.groups = {ref for ref in ends if is_group(ref)}
        self.edges: dict[Strength, dict[Ref, list[Edge]]] = {
            strength: {ref: [] for ref in self.steps.keys() | self.groups} for strength in Strength
        }
        for edge in state.plan.edges:
            self.edges[edge.strength][edge.dependent].append(edge)
        self.opened: set[tuple[Ref, Gate]] = set()
        self.given_up: set[Ref] = set()
        """Expected objects whose time ran out."""
        self.held: set[Ref] = set()
        """Objects whose hold has passed."""
        self.in_flight: set[Ref] = set()
        self.attempts: dict[Ref, int] = {}
        self.versions: dict[Ref, int] = {}
        self.seen: dict[Ref, tuple[int, Status]] = {}
        self.faults: dict[Ref, Fault] = {}
        self.failed_at: dict[Ref, float] = {}
        self.recreated: set[Ref] = set()
        """What lived was deleted for these."""
        self.noticed: set[Sight] = set()
        self.missed: dict[Ref, float] = {}
        """Since when the image of an accepted object cannot be had."""
        self.troubles: dict[Ref, Trouble | None] = {}
        self.graced: set[Ref] = set()
        """Objects whose assumed health counts by now."""
        self.now = 0.0
        self.running: set[Timer] = set()
        self.ends: dict[Ref, tuple[Stage, Outcome | None, str, Ref | None]] = {}
        self.stopped = False
        self.relapses_over = False
        self.finishes = 0
        self.pauses: dict[Ref, float] = {}
        """Until when an object must not be tried again."""
        self.lost: set[Ref] = set()
        """Objects whose write was in flight when a process died."""
        self.unseen: set[Ref] = set()
        """What was ready before that and has not been seen since."""

    def begun(self, commands: list[Command]) -> None:
        """After `begin`."""
        assert StartTimer(Timer(TimerKind.RUN), self.state.policy.run_deadline) in commands
        self._obeyed(commands)

    def happened(self, fact: Fact, commands: list[Command]) -> None:
        """After `handle`."""
        self.now = fact.at
        if isinstance(fact, RunResumed):
            self._resumed()
        elif self.finishes:
            assert commands == [], "something is asked for after the end"
        else:
            self._learn(fact)
        if self.stopped:
            begun = [each for each in commands if each != Finish()]
            assert {self._whose(each) for each in begun} <= self.replacing, "nothing new begins after a stop"
        self._obeyed(commands)

    def skipped_by_brute_force(self) -> set[Ref]:
        """Who cannot leave because a hard gate of a lost object never opened, directly or not."""
        lost = {ref for ref, end in self.ends.items() if end[0] is Stage.ENDED and end[1] is not Outcome.SKIPPED}
        lost |= {ref for ref, step in self.steps.items() if step.action in NOT_SENT} | self.given_up
        skipped: set[Ref] = set()
        while True:
            more = {
                ref
                for ref, edges in self.edges[Strength.HARD].items()
                if ref not in skipped and (ref in self.groups or self.steps[ref].action not in NOT_SENT)
                for edge in edges
                if edge.dependency in lost | skipped and not self.is_open(edge)
            }
            if not more:
                held_back = {ref for ref, step in self.steps.items() if step.action is Action.HOLD_BACK}
                return skipped - self.groups | held_back
            skipped |= more

    def is_open(self, edge: Edge) -> bool:
        """Whether the gate of an edge has opened; those of a group open with its members that are not lost."""
        if edge.dependency not in self.groups:
            return (edge.dependency, edge.gate) in self.opened
        hard, soft = (self.edges[strength][edge.dependency] for strength in Strength)
        return all(map(self.is_open, hard)) and all(self.is_open(e) or self._is_lost(e.dependency) for e in soft)

    def _resumed(self) -> None:
        """Who went on knows what was recorded, and nothing of what another process waited for or saw."""
        self.lost, self.in_flight = self.lost | self.in_flight, set()
        for known in (self.running, self.seen, self.troubles, self.missed, self.noticed):
            known.clear()
        self.stopped = self.relapses_over = False
        self.finishes = 0
        self.unseen = {ref for ref, end in self.ends.items() if end[0] is Stage.DONE and self.steps[ref].awaited}

    def _learn(self, fact: Fact) -> None:
        match fact:
            case WriteAccepted(ref=ref) if ref in self.in_flight:
                self.in_flight.discard(ref)
                self.versions[ref] = fact.version
                if fact.status is not None and fact.version >= self.seen.get(ref, (0,))[0]:
                    self.seen[ref] = fact.version, fact.status
                    self.unseen.discard(ref)
                if fact.outcome is Outcome.UNCHANGED:
                    self.graced.add(ref)
                self.opened.add((ref, Gate.EXISTS))
                self._miss(ref)
                self._settle(ref)
            case WriteFailed(ref=ref) if ref in self.in_flight:
                self.in_flight.discard(ref)
                self.faults[ref], self.failed_at[ref] = fact.fault, fact.at
            case HealthSeen(ref=ref) if ref in self.steps:
                if fact.version >= self.seen.get(ref, (0,))[0]:
                    self.seen[ref] = fact.version, fact.status
                    self.unseen.discard(ref)
                    self._settle(ref)
            case TroubleSeen(ref=ref) if ref in self.steps:
                self.troubles[ref] = fact.trouble
                self._miss(ref)
            case HealthSeen(ref=ref) if ref not in self.given_up:
                if fact.status.health not in (Health.NOT_FOUND, Health.UNKNOWN):
                    self.opened.add((ref, Gate.EXISTS))
                if fact.status.health is Health.CURRENT:
                    self.opened |= {(ref, Gate.SERVED), (ref, Gate.READY)}
            case TimerFired(timer=timer):
                self.running.discard(timer)
                if timer.kind is TimerKind.RUN:
                    self.stopped = True
                elif timer.kind is TimerKind.RELAPSE:
                    self.relapses_over = True
                elif timer.kind is TimerKind.RETRY and timer.ref:
                    self.pauses.pop(timer.ref, None)
                elif timer.kind is TimerKind.HOLD and timer.ref:
                    self.held.add(timer.ref)
                elif timer.kind is TimerKind.GRACE and timer.ref:
                    self.graced.add(timer.ref)
                    self._settle(timer.ref)
                elif timer.ref and timer.ref not in self.steps:
                    self.given_up.add(timer.ref)
            case StopAsked():
                self.stopped = True

    def _miss(self, ref: Ref) -> None:
        """An accepted object misses its own image from now on, or as it did before, or not any more."""
        if ref in self.versions and self._lacks_image(ref):
            self.missed.setdefault(ref, self.now)
        else:
            self.missed.pop(ref, None)

    def _lacks_image(self, ref: Ref) -> bool:
        trouble = self.troubles.get(ref)
        makes_pods = ref.kind in ("Deployment", "Job")
        return makes_pods and trouble is not None and trouble.kind is TroubleKind.IMAGE and trouble.image == IMAGE

    def _settle(self, ref: Ref) -> None:
        """An accepted object that has not ended opens its later gates when it is healthy as of our write."""
        if ref in self.versions and ref not in self.ends:
            version, status = self.seen.get(ref, (0, Status(Health.UNKNOWN)))
            current = version >= self.versions[ref] and status.health is Health.CURRENT
            current = current and (ref in self.graced or not status.provisional)
            if current or not self.steps[ref].awaited:
                self.opened |= {(ref, Gate.SERVED), (ref, Gate.READY)}

    def _obeyed(self, commands: list[Command]) -> None:
        self._check_ends()
        for command in commands:
            match command:
                case Apply(ref=ref, attempt=attempt):
                    assert self.steps[ref].action in (Action.CREATE, Action.CONFIGURE)
                    assert attempt == self.attempts.get(ref, 0) + 1
                    self._check_departure(ref, attempt)
                case Adopt(ref=ref):
                    assert self.steps[ref].action is Action.KEEP
                    self._check_departure(ref, self.attempts.get(ref, 0) + 1)
                case Recreate(ref=ref, attempt=attempt):
                    assert attempt == self.attempts.get(ref, 0) + 1
                    self._check_recreation(ref)
                    self._check_departure(ref, attempt)
                case Notice(sight=sight):
                    assert sight not in self.noticed, "what is looked for is asked for once"
                    self.noticed.add(sight)
                case StartTimer():
                    self._check_timer(command)
                case Finish():
                    self.finishes += 1
        self._check_finish(commands)
        if not self.stopped:
            self._check_order(c.ref for c in commands if isinstance(c, Apply | Adopt) and self.attempts[c.ref] == 1)
            self._check_promptness()

    def _check_departure(self, ref: Ref, attempt: int) -> None:
        assert ref not in self.in_flight, "two writes of one object at a time"
        assert ref not in self.ends
        assert ref not in self.versions, "an accepted object is not written again"
        assert all(self.is_open(edge) for edge in self.edges[Strength.HARD][ref])
        self.pauses.pop(ref, None)
        if ref in self.lost:
            self.lost.discard(ref)
        elif attempt > 1:
            self._check_retry(ref, attempt)
        else:
            without = {edge for edge in self.edges[Strength.SOFT][ref] if not self.is_open(edge)}
            assert ref in self.held or all(self._is_lost(edge.dependency) for edge in without)
            noted = self.state.objects[ref].released_without
            assert set(noted) == without
            assert len(set(noted)) == len(noted)
        self.in_flight.add(ref)
        self.attempts[ref] = attempt

    def _check_retry(self, ref: Ref, attempt: int) -> None:
        """Not before the pause is over, unless something was seen that lets it pass."""
        cause = self.faults[ref].cause
        assert cause not in NEVER_RETRIED or ref in self.recreated
        paused = Timer(TimerKind.RETRY, ref, attempt - 1) in self.running
        woken = any(s in self.noticed for s in self._sights(ref))
        deleting = cause is Cause.IMMUTABLE and ref in self.recreated
        assert not paused or woken or deleting, "tried again before the pause was over"
        if paused and cause in WAITS:
            assert self.now >= self.failed_at[ref] + WAITS[cause].spacing - 0.01, "tried again too soon"

    def _sights(self, ref: Ref) -> list[Sight]:
        step, fault = self.steps[ref], self.faults[ref]
        found = [sight for sight, _ in sights.awaited(step.manifest, fault, self.state.plan.kinds.of(ref))]
        return [*found, sights.end_of(ref)[0]] if ref in self.recreated else found

    def _check_recreation(self, ref: Ref) -> None:
        policy, step = self.state.policy, self.steps[ref]
        assert step.ref.group_kind in policy.recreate
        assert step.ref.group_kind not in KEPT
        assert (step.action, bool(step.uid)) == (Action.CONFIGURE, True)
        if ref not in self.recreated:
            assert self.faults[ref].cause is Cause.IMMUTABLE
            assert not self.stopped
        self.recreated.add(ref)

    @property
    def replacing(self) -> set[Ref]:
        """What was deleted and is not there again."""
        return self.recreated - self.versions.keys() - self.ends.keys()

    def _whose(self, command: Command) -> Ref | None:
        match command:
            case Apply(ref=ref) | Adopt(ref=ref) | Recreate(ref=ref):
                return ref
            case StartTimer(timer=timer):
                return timer.ref
            case Notice(sight=sight):
                return Ref(sight.group, sight.kind, sight.namespace, sight.name)
        return None

    def _check_timer(self, command: StartTimer) -> None:
        timer, policy = command.timer, self.state.policy
        assert timer not in self.running, "an object has at most one timer of each kind"
        self.running.add(timer)
        match timer.kind:
            case TimerKind.RUN:
                assert command.seconds == policy.run_deadline
            case TimerKind.DEADLINE:
                assert command.seconds == policy.object_deadline
            case TimerKind.RELAPSE:
                assert command.seconds == policy.object_deadline
                assert self.ends.keys() == self.steps.keys()
                assert self._relapsed()
            case TimerKind.HOLD:
                assert command.seconds == policy.soft_hold
            case TimerKind.GRACE:
                assert timer.ref
                assert command.seconds == policy.grace
                assert self.seen[timer.ref][1].provisional
            case TimerKind.IMAGE:
                assert timer.ref in self.missed
                assert 0 < command.seconds <= policy.image_patience
            case TimerKind.WAKE:
                assert timer.ref
                assert timer.attempt == self.attempts[timer.ref]
                assert 0 < command.seconds <= WAITS[self.faults[timer.ref].cause].spacing
            case TimerKind.RETRY:
                assert timer.ref
                assert timer.attempt == self.attempts[timer.ref]
                fault = self.faults[timer.ref]
                if timer.ref in self.recreated and fault.cause is Cause.IMMUTABLE:
                    assert 0 < command.seconds <= RECREATION.longest
                    return
                assert fault.cause not in NEVER_RETRIED
                until = self.now + command.seconds
                if self.pauses.get(timer.ref, 0.0) > self.now:
                    assert abs(until - self.pauses[timer.ref]) < 0.01, "who resumes waits as long as was left"
                else:
                    assert 0 < fault.retry_after <= command.seconds or 0 < command.seconds <= 30
                self.pauses[timer.ref] = until

    def _check_ends(self) -> None:
        told = [progress.step.ref for progress in self.state.take_ended()]
        before = set(self.ends)
        for ref, progress in self.state.objects.items():
            if progress.stage in FINAL:
                end = (progress.stage, progress.outcome, progress.reason, progress.because)
                assert self.ends.setdefault(ref, end) == end, "an object ends once"
                if ref not in before and progress.reason.startswith("no image within"):
                    patience = self.state.policy.image_patience
                    assert self.now - self.missed[ref] >= patience - 0.01, "its image had less than its time"
            else:
                assert ref not in self.ends, "an object ends once"
        assert sorted(told) == sorted(self.ends.keys() - before), "each end is told once, when it happens"

    def _check_finish(self, commands: list[Command]) -> None:
        done = self.ends.keys() == self.steps.keys()
        settled = self.stopped and not self.in_flight and not self.replacing
        over = (done and (self.relapses_over or not self._relapsed())) or settled
        assert not done or over or Timer(TimerKind.RELAPSE) in self.running
        assert self.finishes == int(over), "Finish comes at the end, and once"
        assert Finish() not in commands[:-1], "nothing is asked for after the end"

    def _relapsed(self) -> bool:
        """Whether something that ended well is on its way again."""
        return any(
            end[0] is Stage.DONE and self.steps[ref].awaited and (ref in self.unseen or self._is_on_its_way(ref))
            for ref, end in self.ends.items()
        )

    def _is_on_its_way(self, ref: Ref) -> bool:
        version, status = self.seen.get(ref, (0, Status(Health.UNKNOWN)))
        return version >= self.versions[ref] and status.health is Health.IN_PROGRESS

    def _check_order(self, departures: Iterable[Ref]) -> None:
        keys = [(-self.steps[ref].tail, ref) for ref in departures]
        assert keys == sorted(keys), "the longest tail goes first, names break ties"

    def _check_promptness(self) -> None:
        """Nobody waits without a reason, and nobody waits for something that has no end."""
        for ref, progress in self.state.objects.items():
            if ref in self.ends or ref in self.in_flight:
                continue
            if progress.stage is Stage.WAITING:
                self._check_waiting(ref)
            elif progress.stage is Stage.PAUSED:
                assert Timer(TimerKind.RETRY, ref, self.attempts[ref]) in self.running
            else:
                assert progress.stage is Stage.APPLIED
            if progress.stage is not Stage.WAITING:
                assert Timer(TimerKind.DEADLINE, ref) in self.running
            if progress.stage is Stage.APPLIED and ref in self.missed:
                assert Timer(TimerKind.IMAGE, ref) in self.running

    def _check_waiting(self, ref: Ref) -> None:
        hard = {edge.dependency for edge in self.edges[Strength.HARD][ref] if not self.is_open(edge)}
        soft = {edge.dependency for edge in self.edges[Strength.SOFT][ref] if not self.is_open(edge)}
        assert not any(map(self._is_lost, hard)), "it should have been skipped"
        if not hard:
            assert not all(map(self._is_lost, soft)), "it should have left"
            assert Timer(TimerKind.HOLD, ref) in self.running
        elif not hard & (self.steps.keys() | self.groups):
            assert all(Timer(TimerKind.DEADLINE, other) in self.running for other in hard)

    def _is_lost(self, ref: Ref) -> bool:
        if ref in self.groups:
            hard = self.edges[Strength.HARD][ref]
            return any(self._is_lost(edge.dependency) and not self.is_open(edge) for edge in hard)
        return ref in self.given_up or (ref in self.ends and self.ends[ref][0] is Stage.ENDED)
