"""How a run is expected to go: when each object may leave, what the whole takes, and what that time hangs on.

A simulation with the numbers of `graph.rank`: every write leaves when its last gate opens, and no limit on the writes
in flight is assumed. Nothing here was measured, and nothing here decides what leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from rebuild.graph import rank
from rebuild.graph.index import key_of
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref
from rebuild.plan.steps import Action, Plan

_WRITES = (Action.CREATE, Action.CONFIGURE)


@dataclass(frozen=True, slots=True)
class Hop:
    """One object of the critical path. `edge` is why it waits for the hop before it; the first waits for nothing.

    `begins` is when it may leave, `seconds` how long it keeps the next hop waiting, or takes to be READY if it is the
    last one.
    """

    ref: Ref
    begins: float
    seconds: float
    edge: Edge | None


@dataclass(frozen=True, slots=True)
class Course:
    """Expected times in seconds from the first write."""

    begins: Mapping[Ref, float] = field(repr=False)
    """When each object that is sent, or kept as it is, may leave."""
    seconds: float
    """Until everything is READY."""
    path: tuple[Hop, ...]
    """What the length of the run hangs on: each waits for the one before it, until the gate that opens last."""
    width: tuple[tuple[int, int], ...]
    """The seconds in which writes may leave, with their number."""


def of(plan: Plan) -> Course:
    """The expected course of a plan; what cannot be sent, and what waits for it, takes no part."""
    waits: dict[Ref, list[Edge]] = {ref: [] for ref in plan.steps}
    for edge in plan.edges:
        waits[edge.dependent].append(edge)
    begins: dict[Ref, float] = {}
    last: dict[Ref, Edge] = {}
    for ref in _in_order(waits):
        if plan.steps[ref].action in (Action.HOLD_BACK, Action.FAIL) or _is_skipped(waits[ref], begins, plan):
            continue
        opening = [(opens(e, begins, plan), e) for e in waits[ref] if e.dependency in begins]
        begins[ref] = max((at for at, _ in opening), default=0.0)
        if opening:
            last[ref] = min((e for at, e in opening if at == begins[ref]), key=lambda e: key_of(e.dependency))
    ends = {ref: begin + takes(ref, Gate.READY, plan) for ref, begin in begins.items()}
    return Course(
        begins=begins,
        seconds=max(ends.values(), default=0.0),
        path=_path(begins, ends, last),
        width=_width(begin for ref, begin in begins.items() if plan.steps[ref].action in _WRITES),
    )


def opens(edge: Edge, begins: Mapping[Ref, float], plan: Plan) -> float:
    """When the gate of an edge is expected to open, given when its dependency may leave."""
    return begins[edge.dependency] + takes(edge.dependency, edge.gate, plan)


def takes(ref: Ref, gate: Gate, plan: Plan) -> float:
    """Seconds from when an object may leave until its gate opens; what is kept as it is has its gates open."""
    if plan.steps[ref].action not in _WRITES:
        return 0.0
    return rank.WRITE if gate is Gate.EXISTS else rank.WRITE + rank.prior(ref)


def _in_order(waits: Mapping[Ref, list[Edge]]) -> Iterable[Ref]:
    order = {ref: [edge.dependency for edge in edges if edge.dependency in waits] for ref, edges in waits.items()}
    return TopologicalSorter(order).static_order()


def _is_skipped(edges: Iterable[Edge], begins: Mapping[Ref, float], plan: Plan) -> bool:
    hard = (edge.dependency for edge in edges if edge.strength is Strength.HARD)
    return any(ref in plan.steps and ref not in begins for ref in hard)


def _path(begins: Mapping[Ref, float], ends: Mapping[Ref, float], last: Mapping[Ref, Edge]) -> tuple[Hop, ...]:
    ref = min(ends, key=lambda ref: (-ends[ref], key_of(ref)), default=None)
    left, hops = ends[ref] if ref else 0.0, []
    while ref:
        edge = last.get(ref)
        hops.append(Hop(ref, begins[ref], left - begins[ref], edge))
        left, ref = begins[ref], edge.dependency if edge else None
    return tuple(reversed(hops))


def _width(begins: Iterable[float]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(Counter(int(begin) for begin in begins).items()))
