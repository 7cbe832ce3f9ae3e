"""Everything the engine knows, and the bookkeeping of gates. Only `handle` changes it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from rebuild.engine import sights
from rebuild.engine.policy import Policy
from rebuild.engine.sights import Sight
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.faults import Cause, Fault
from rebuild.model.groups import is_group
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.model.troubles import Trouble
from rebuild.plan.steps import Plan, Step


class Stage(StrEnum):
    """How far an object has come. The last two are final."""

    WAITING = "waiting"
    IN_FLIGHT = "in-flight"
    PAUSED = "paused"
    """Between two attempts."""
    APPLIED = "applied"
    """Accepted, and not yet healthy."""
    DONE = "done"
    ENDED = "ended"
    """Failed, skipped, or out of time."""


FINAL = (Stage.DONE, Stage.ENDED)


class Progress(Struct, eq=False):
    """One object's life so far."""

    step: Step
    stage: Stage = Stage.WAITING
    outcome: Outcome | None = None
    attempts: int = 0
    version: int = 0
    """The resourceVersion of our accepted write; health seen at an older one says nothing about it."""
    seen: Status | None = None
    seen_version: int = 0
    fault: Fault | None = None
    retry_at: float = 0.0
    """When the pause after that failure is over."""
    failing_since: float = 0.0
    """When the first of the last attempts failed that all had the cause of this fault."""
    failed_at: float = 0.0
    """When the last attempt failed."""
    woken: int = 0
    """The attempt after which something was seen that ends its pause at a time that is set."""
    recreated: bool = False
    """Whether the live object was to be deleted for it: once is enough."""
    trouble: Trouble | None = None
    """What was last seen to keep its Pods."""
    missed: str = ""
    """The declared image that cannot be had."""
    missed_at: float = 0.0
    """Since when."""
    image_timed: bool = False
    grace_timed: bool = False
    grace_over: bool = False
    """Whether a health that is only assumed counts by now."""
    because: Ref | None = None
    """Whose failure skipped it."""
    reason: str = ""
    hard: set[Edge] = field(default_factory=set)
    soft: set[Edge] = field(default_factory=set)
    """What it still waits for."""
    released_without: tuple[Edge, ...] = ()
    """Soft gates that it no longer waits for although they did not open."""
    holding: bool = False
    unseen: bool = False
    """It was ready before the run was resumed, and nothing has been seen of it since."""
    overdue: bool = False
    """Its deadline passed while a write was in flight: the answer to that write is the last."""

    @property
    def is_going(self) -> bool:
        """Whether the object that was deleted for it is still there."""
        return self.recreated and self.fault is not None and self.fault.cause is Cause.IMMUTABLE

    @property
    def status(self) -> Status | None:
        """What the object was last seen to be, unless that was before our write."""
        return self.seen if self.seen_version >= self.version else None

    @property
    def obstacle(self) -> str:
        """Why it is not healthy, in the words of the object and of its Pods."""
        health = self.status.message if self.status else "nothing was seen of it"
        return f"{health}; {self.trouble.message}" if self.trouble else health

    def opened(self, edge: Edge) -> None:
        """A gate has opened: it may have been given up while the run was being stopped, and then was waited for."""
        if self.stage is Stage.WAITING and edge in self.released_without:
            self.released_without = tuple(each for each in self.released_without if each != edge)

    def saw(self, status: Status, version: int) -> bool:
        """Take in a health as of a resourceVersion, unless a later one is known; returns whether that was done."""
        if version < self.seen_version:
            return False
        self.seen, self.seen_version, self.unseen = status, version, False
        return True

    def forget(self, *, has_readiness: bool) -> None:
        """What was seen, and what was on its way, belongs to a process that is gone."""
        self.seen, self.seen_version = None, 0
        self.trouble, self.missed, self.image_timed = None, "", False
        self.holding = self.overdue = self.grace_timed = False
        self.woken = 0
        self.unseen = self.stage is Stage.DONE and self.step.awaited and has_readiness

    @property
    def is_current(self) -> bool:
        """Healthy as of our write or later, and for long enough where that is only assumed."""
        status = self.status
        return bool(status and status.health is Health.CURRENT and (self.grace_over or not status.provisional))


class State:
    """All objects of a run. `objects` holds our steps; expected objects are only watched, groups only keep gates."""

    def __init__(self, plan: Plan, policy: Policy) -> None:
        self.plan = plan
        self.policy = policy
        self.objects = {ref: Progress(step) for ref, step in plan.steps.items()}
        self.stop_reason = ""
        self.finished = False
        self.relapses_timed = False
        self.relapses_over = False
        """Whether what was ready once is still waited for, and no more."""
        self.timed: set[Ref] = set()
        """The expected objects whose deadline is running."""
        self.replacing: set[Ref] = set()
        """What was deleted and is not there again: a stop does not leave it like that."""
        self.noticed: set[Sight] = set()
        """What we are told of because somebody waits for it."""
        self._sleepers: dict[Sight, dict[Ref, frozenset[Health]]] = {}
        """Who may be written again when one of these is seen, and in which health of it."""
        self._open = len(self.objects)
        self._in_flight = 0
        self._ended: list[Progress] = []
        ends = (ref for edge in plan.edges for ref in (edge.dependent, edge.dependency))
        self._groups: dict[Ref, set[Edge]] = {ref: set() for ref in ends if is_group(ref) and ref not in self.objects}
        """What each group still waits for."""
        self._closed_gates: dict[Ref, dict[Gate, list[Edge]]] = {}
        for edge in plan.edges:
            self._edges_of(edge).add(edge)
            self._closed_gates.setdefault(edge.dependency, {}).setdefault(edge.gate, []).append(edge)
        for ref in [ref for ref, members in self._groups.items() if not members]:
            self.open_gates(ref, *Gate)

    def __repr__(self) -> str:
        return f"<State: {len(self.objects)} objects, {self._open} open, {self._in_flight} in flight>"

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen: all is as good as it gets, or the run stops and nothing is in flight."""
        if self.stop_reason and self._in_flight == 0 and not self.replacing:
            return True
        return self._open == 0 and (self.relapses_over or not self._has_relapsed)

    @property
    def only_relapses(self) -> bool:
        """Whether all have ended, and some that were ready are on their way again."""
        return self._open == 0 and self._has_relapsed

    @property
    def _has_relapsed(self) -> bool:
        """A node that goes down takes along what was ready on it, and may bring it back."""
        return any(
            progress.stage is Stage.DONE
            and progress.step.awaited
            and (progress.unseen or (progress.status is not None and progress.status.health is Health.IN_PROGRESS))
            for progress in self.objects.values()
        )

    def forget(self) -> None:
        """Everything of a process that is gone: its timers, what it saw, and why it stopped."""
        self.stop_reason, self.finished = "", False
        self.relapses_timed = self.relapses_over = False
        self.timed.clear()
        self.noticed.clear()
        self._sleepers.clear()
        for ref, progress in self.objects.items():
            progress.forget(has_readiness=self.plan.rulebook.has_readiness(ref))

    def others_awaited(self, progress: Progress) -> list[Ref]:
        """The expected objects that an object cannot leave without, once nothing of ours stands before it."""
        if any(edge.dependency in self.objects or edge.dependency in self._groups for edge in progress.hard):
            return []
        return sorted(edge.dependency for edge in progress.hard)

    def move(self, progress: Progress, stage: Stage) -> None:
        """Put an object on another stage, and keep the counts."""
        self._in_flight += (stage is Stage.IN_FLIGHT) - (progress.stage is Stage.IN_FLIGHT)
        self._open -= (stage in FINAL) - (progress.stage in FINAL)
        if stage in FINAL and progress.stage not in FINAL:
            self._ended.append(progress)
        progress.stage = stage
        if stage not in (Stage.IN_FLIGHT, Stage.PAUSED):
            self.replacing.discard(progress.step.ref)

    def is_stopped_for(self, progress: Progress) -> bool:
        """Whether nothing more may be begun about an object."""
        return bool(self.stop_reason) and progress.step.ref not in self.replacing

    def sleep_until(self, progress: Progress, sight: Sight, healths: frozenset[Health]) -> bool:
        """Let a paused object be woken by a sight; returns whether that is to be looked for only now."""
        self._sleepers.setdefault(sight, {})[progress.step.ref] = healths
        is_new = sight not in self.noticed
        self.noticed.add(sight)
        return is_new

    def wake_for(self, seen: Ref, health: Health) -> list[Progress]:
        """The paused objects that waited to see this; the longest tail first."""
        woken = set()
        for sight in sights.of(seen) if self._sleepers else ():
            sleepers = self._sleepers.get(sight, {})
            for ref in [ref for ref, healths in sleepers.items() if health in healths]:
                del sleepers[ref]
                if self.objects[ref].stage is Stage.PAUSED:
                    woken.add(self.objects[ref])
        return sorted(woken, key=lambda each: (-each.step.tail, each.step.ref))

    def take_ended(self) -> list[Progress]:
        """The objects that have ended since this was last asked."""
        ended, self._ended = self._ended, []
        return ended

    def open_gates(self, ref: Ref, *gates: Gate) -> list[Progress]:
        """Strike out what waits for these gates of an object; returns those that now wait for less."""
        eased = []
        opening = [(ref, gate) for gate in gates]
        for opened, gate in opening:
            for edge in self._closed_gates.get(opened, {}).pop(gate, ()):
                self._edges_of(edge).discard(edge)
                if progress := self.objects.get(edge.dependent):
                    progress.opened(edge)
                    eased.append(progress)
                elif not self._groups[edge.dependent]:
                    opening += [(edge.dependent, each) for each in Gate]
        return eased

    def give_up_on(self, ref: Ref) -> tuple[list[Progress], list[Progress]]:
        """The closed gates of an object never open: returns who can never leave, and who no longer waits for them."""
        lost, eased = [], []
        gone = [ref]
        for each in gone:
            for edge in [edge for edges in self._closed_gates.pop(each, {}).values() for edge in edges]:
                hard, progress = edge.strength is Strength.HARD, self.objects.get(edge.dependent)
                if progress is None and hard:
                    gone.append(edge.dependent)
                elif progress is None:
                    self._edges_of(edge).discard(edge)
                    eased += [] if self._groups[edge.dependent] else self.open_gates(edge.dependent, *Gate)
                elif hard:
                    lost.append(progress)
                else:
                    self.stop_waiting(progress, edge)
                    eased.append(progress)
        return lost, eased

    def stop_waiting(self, progress: Progress, *soft: Edge) -> None:
        """Let an object leave without the gates of these soft edges, and note that for those still closed."""
        progress.released_without += tuple(edge for edge in soft if edge in progress.soft)
        progress.soft.difference_update(soft)

    def _edges_of(self, edge: Edge) -> set[Edge]:
        progress = self.objects.get(edge.dependent)
        if progress is None:
            return self._groups[edge.dependent]
        return progress.hard if edge.strength is Strength.HARD else progress.soft
