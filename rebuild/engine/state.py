"""Everything the engine knows, and the bookkeeping of gates. Only `handle` changes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from rebuild.engine.policy import Policy
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.faults import Fault
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
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


@dataclass(slots=True)
class Progress:
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
    because: Ref | None = None
    """Whose failure skipped it."""
    reason: str = ""
    hard: set[Edge] = field(default_factory=set)
    soft: set[Edge] = field(default_factory=set)
    released_without: tuple[Edge, ...] = ()
    """Soft gates that had not opened when it left."""
    holding: bool = False

    @property
    def status(self) -> Status | None:
        """What the object was last seen to be, unless that was before our write."""
        return self.seen if self.seen_version >= self.version else None

    @property
    def is_current(self) -> bool:
        """Healthy as of our write or later."""
        return self.status is not None and self.status.health is Health.CURRENT


class State:
    """All objects of a run. `objects` holds our steps; expected objects are only watched."""

    def __init__(self, plan: Plan, policy: Policy) -> None:
        self.plan = plan
        self.policy = policy
        self.objects = {ref: Progress(step) for ref, step in plan.steps.items()}
        self.expected_seen: set[Ref] = set()
        self.stop_reason = ""
        self.finished = False
        self._open = len(self.objects)
        self._in_flight = 0
        self._dependents: dict[Ref, list[Edge]] = defaultdict(list)
        for edge in plan.edges:
            if edge.dependent not in self.objects:
                continue
            progress = self.objects[edge.dependent]
            (progress.hard if edge.strength is Strength.HARD else progress.soft).add(edge)
            self._dependents[edge.dependency].append(edge)

    def __repr__(self) -> str:
        return f"<State: {len(self.objects)} objects, {self._open} open, {self._in_flight} in flight>"

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen: all have ended, or the run stops and nothing is in flight."""
        return self._open == 0 or bool(self.stop_reason and self._in_flight == 0)

    def hard_dependencies_awaited(self) -> Iterator[Ref]:
        """Expected objects that something cannot leave without."""
        hard = {edge.dependency for progress in self.objects.values() for edge in progress.hard}
        return (ref for ref in sorted(self.plan.expected) if ref in hard)

    def move(self, progress: Progress, stage: Stage) -> None:
        """Put an object on another stage, and keep the counts."""
        self._in_flight += (stage is Stage.IN_FLIGHT) - (progress.stage is Stage.IN_FLIGHT)
        self._open -= (stage in FINAL) - (progress.stage in FINAL)
        progress.stage = stage

    def open_gates(self, ref: Ref, *gates: Gate) -> list[Progress]:
        """Strike out what waits for these gates of an object; returns those that wait one edge less, by name."""
        touched = []
        for edge in self._dependents.get(ref, ()):
            progress = self.objects[edge.dependent]
            edges = progress.hard if edge.strength is Strength.HARD else progress.soft
            if edge.gate in gates and edge in edges:
                edges.discard(edge)
                touched.append(progress)
        return touched

    def give_up_on(self, ref: Ref) -> tuple[list[Progress], list[Progress]]:
        """An object's gates will never open: returns who loses a hard gate, and who is freed of a soft one."""
        lost, freed = [], []
        for edge in self._dependents.get(ref, ()):
            progress = self.objects[edge.dependent]
            if edge in progress.hard:
                lost.append(progress)
            elif edge in progress.soft:
                progress.soft.discard(edge)
                progress.released_without += (edge,)
                freed.append(progress)
        return lost, freed
