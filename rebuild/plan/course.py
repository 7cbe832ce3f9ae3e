"""How a run goes: when each object may leave, what the whole takes, and what that time hangs on.

Of a plan it is a simulation with the numbers of `graph.rank`: every write leaves when its last gate opens, and no limit
on the writes in flight is assumed. Must not decide what leaves: that is for the gates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter

from msgspec import Struct

from rebuild.graph import rank
from rebuild.graph.estimates import Basis, Estimate
from rebuild.graph.index import key_of
from rebuild.model.discreet import Discreet
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.groups import is_group
from rebuild.model.refs import Ref
from rebuild.plan.steps import Action, Plan


class Hop(Struct, frozen=True):
    """One object of a critical path. `edge` is why it waits for the hop before it; the first waits for nothing.

    `begins` is when it may leave, `seconds` how long it keeps the next hop waiting, or takes to be READY if it is the
    last one.
    """

    ref: Ref
    begins: float
    seconds: float
    edge: Edge | None


class Course(Discreet, frozen=True):
    """Times in seconds from the first write: expected ones of a plan, or measured ones of a run that is over."""

    unshown = frozenset({"begins", "ends", "gates"})

    begins: Mapping[Ref, float]
    """When each object that is sent, or kept as it is, may leave, and when each group opens."""
    ends: Mapping[Ref, float]
    """When it is READY; those that never are have no end."""
    gates: Mapping[Edge, float]
    """When each gate opens that is known to."""

    @property
    def seconds(self) -> float:
        """Until everything is READY."""
        return max(self.ends.values(), default=0.0)

    @property
    def path(self) -> tuple[Hop, ...]:
        """What the length of the run hangs on: each object waits for the one before it, whose gate opens last."""
        last = min(self.ends, key=lambda ref: (-self.ends[ref], key_of(ref)), default=None)
        return self.path_to(last) if last else ()

    def path_to(self, ref: Ref) -> tuple[Hop, ...]:
        """The same for the end of one object that is READY at some time."""
        held_by = self._held_by()
        left, hops, here = self.ends[ref], [], ref
        while True:
            edge = held_by.get(here)
            hops.append(Hop(here, self.begins[here], left - self.begins[here], edge))
            if edge is None or edge.dependency not in self.begins:
                return tuple(reversed(hops))
            left, here = self.begins[here], edge.dependency

    def _held_by(self) -> dict[Ref, Edge]:
        """The edge of each object whose gate opens last before it leaves."""
        last: dict[Ref, Edge] = {}
        for edge, opened in self.gates.items():
            rival = last.get(edge.dependent)
            in_time = edge.dependent in self.begins and opened <= self.begins[edge.dependent]
            if in_time and (rival is None or self._is_later(edge, rival)):
                last[edge.dependent] = edge
        return last

    def _is_later(self, edge: Edge, rival: Edge) -> bool:
        if self.gates[edge] != self.gates[rival]:
            return self.gates[edge] > self.gates[rival]
        return key_of(edge.dependency) < key_of(rival.dependency)


def of(plan: Plan) -> Course:
    """The expected course of a plan; what cannot be sent, and what waits for it, takes no part."""
    waits: dict[Ref, list[Edge]] = {ref: [] for ref in plan.steps}
    for edge in plan.edges:
        waits.setdefault(edge.dependent, []).append(edge)
    begins: dict[Ref, float] = {}
    gates: dict[Edge, float] = {}
    for ref in _in_order(waits):
        if _is_unsent(ref, plan) or _is_skipped(waits[ref], begins, waits):
            continue
        opening = {
            edge: begins[edge.dependency] + _takes(edge.dependency, edge.gate, plan)
            for edge in waits[ref]
            if edge.dependency in begins
        }
        gates |= opening
        begins[ref] = max(opening.values(), default=0.0)
    ends = {ref: begin + _takes(ref, Gate.READY, plan) for ref, begin in begins.items() if not is_group(ref)}
    return Course(begins, ends, gates)


def estimate_of(path: Sequence[Hop], place: int, plan: Plan) -> Estimate:
    """What the seconds of a hop are made of: only how long its object takes to be READY was ever measured."""
    hop = path[place]
    onward = path[place + 1].edge if place + 1 < len(path) else None
    if not _is_written(hop.ref, plan) or (onward and onward.gate is Gate.EXISTS):
        return Estimate(hop.seconds, Basis.PRIOR)
    return plan.estimates.of(hop.ref)


def width(course: Course, plan: Plan) -> tuple[tuple[int, int], ...]:
    """The seconds in which writes may leave, with their number."""
    sent = (begin for ref, begin in course.begins.items() if _is_written(ref, plan))
    return tuple(sorted(Counter(map(int, sent)).items()))


def _takes(ref: Ref, gate: Gate, plan: Plan) -> float:
    """Seconds from when an object may leave until its gate opens: none for what is kept as it is, and for groups."""
    if not _is_written(ref, plan):
        return 0.0
    return rank.WRITE if gate is Gate.EXISTS else rank.WRITE + plan.estimates.seconds(ref)


def _in_order(waits: Mapping[Ref, list[Edge]]) -> Iterable[Ref]:
    order = {ref: [edge.dependency for edge in edges if edge.dependency in waits] for ref, edges in waits.items()}
    return TopologicalSorter(order).static_order()


def _is_written(ref: Ref, plan: Plan) -> bool:
    return not is_group(ref) and plan.steps[ref].action in (Action.CREATE, Action.CONFIGURE)


def _is_unsent(ref: Ref, plan: Plan) -> bool:
    return not is_group(ref) and plan.steps[ref].action in (Action.HOLD_BACK, Action.FAIL)


def _is_skipped(edges: Iterable[Edge], begins: Mapping[Ref, float], known: Container[Ref]) -> bool:
    hard = (edge.dependency for edge in edges if edge.strength is Strength.HARD)
    return any(ref in known and ref not in begins for ref in hard)
