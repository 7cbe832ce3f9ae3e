"""Loops: which soft edges have to go so that there are none, and which hard ones nobody can plan around.

Must not word findings and must not know any rule; it sees edges as arrows with a strength and a gate. The
order of its answers depends on the edges alone, never on the order in which they come.

networkx is imported where there is a loop to look at: that takes as long as the plan of a thousand objects, and most
graphs have none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from rebuild.graph.index import key_of
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref

if TYPE_CHECKING:
    import networkx as nx

_GATES = {Gate.EXISTS: 0, Gate.SERVED: 1, Gate.READY: 2}

Arrows: TypeAlias = "nx.DiGraph[Ref]"
"""From dependent to dependency."""


class Dropped(Struct, frozen=True, eq=False):
    """A soft edge that closed a loop."""

    edge: Edge
    ways: _Ways
    """Shared by many, since each way may be long."""

    @property
    def way_back(self) -> tuple[Ref, ...]:
        """The objects from its dependency back to its dependent, on a shortest way."""
        return self.ways.between(self.edge)


def rank_of(edge: Edge) -> tuple[bool, int]:
    """How strong an edge is, greater being stronger: hard over soft, then READY over SERVED over EXISTS."""
    return edge.strength is Strength.HARD, _GATES[edge.gate]


def order_of(edge: Edge) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sort key that puts edges in order of their ends."""
    return key_of(edge.dependent), key_of(edge.dependency)


def core(edges: Sequence[Edge]) -> list[Edge]:
    """The edges that all loops are made of, and few others: without loops, most graphs have none."""
    places: dict[Ref, int] = {}
    ends = [
        (places.setdefault(edge.dependent, len(places)), places.setdefault(edge.dependency, len(places)))
        for edge in edges
    ]
    waits = [0] * len(places)
    behind: list[list[int]] = [[] for _ in places]
    for dependent, dependency in ends:
        waits[dependent] += 1
        behind[dependency].append(dependent)
    done = [place for place, count in enumerate(waits) if not count]
    for here in done:
        for place in behind[here]:
            waits[place] -= 1
            if not waits[place]:
                done.append(place)
    left = [edge for edge, (dependent, dependency) in zip(edges, ends, strict=True) if waits[dependency]]
    return _Thinning(left).left()


def closing_loops(edges: Sequence[Edge], yielding: Collection[str] = ()) -> list[Dropped]:
    """The soft edges to drop, weakest first.

    Inside strongly connected components, all hard edges are taken, and then the soft ones, strongest first,
    each unless it closes a loop with those already taken. So nothing is dropped that could have stayed, and
    what is dropped closes a loop of edges none of which is weaker.

    Args:
        edges: at most one per pair of ends.
        yielding: the rules whose soft edges are weaker than all others.
    """
    inside = _inside_components(edges)
    if not inside:
        return []
    arrows = _arrows(edge for edge in inside if edge.strength is Strength.HARD)
    arrows.add_nodes_from(ref for edge in inside for ref in (edge.dependent, edge.dependency))
    strong = [edge for edge in inside if edge.strength is Strength.SOFT and edge.rule not in yielding]
    weak = [edge for edge in inside if edge.strength is Strength.SOFT and edge.rule in yielding]
    strong.sort(key=lambda edge: (-_GATES[edge.gate], *order_of(edge)[::-1]))
    weak.sort(key=lambda edge: (-_GATES[edge.gate], *order_of(edge)))
    # Of all that wait for one thing, one search finds which close a loop: what is kept of them leads to it, and not
    # on from it. Those that yield are few that wait for many, so there the search goes the other way.
    dropped: list[Dropped] = []
    for hub, run in groupby(strong, key=lambda edge: edge.dependency):
        ways = _Ways(hub, arrows.successors, outwards=True)
        dropped += _dropped(run, ways, arrows)
    for hub, run in groupby(weak, key=lambda edge: edge.dependent):
        ways = _Ways(hub, arrows.predecessors, outwards=False)
        dropped += _dropped(run, ways, arrows)
    return dropped[::-1]


def _dropped(run: Iterable[Edge], ways: _Ways, arrows: Arrows) -> Iterator[Dropped]:
    """The edges of a run that close a loop; the others become arrows."""
    for edge in run:
        if ways.close(edge):
            yield Dropped(edge, ways)
        else:
            arrows.add_edge(edge.dependent, edge.dependency)


class _Ways:
    """The shortest ways from one ref to all that it waits for, or to it from all that wait for it."""

    def __init__(self, hub: Ref, neighbours: Callable[[Ref], Iterable[Ref]], *, outwards: bool) -> None:
        self._outwards = outwards
        self._came_by = {hub: hub}
        queue = deque([hub])
        while queue:
            here = queue.popleft()
            for other in neighbours(here):
                if other not in self._came_by:
                    self._came_by[other] = here
                    queue.append(other)

    def close(self, edge: Edge) -> bool:
        """Whether there is a way back from an edge's dependency to its dependent; one of them is the hub."""
        return self._far_end(edge) in self._came_by

    def between(self, edge: Edge) -> tuple[Ref, ...]:
        """That way, both ends included."""
        way = [self._far_end(edge)]
        while self._came_by[way[-1]] != way[-1]:
            way.append(self._came_by[way[-1]])
        return tuple(reversed(way) if self._outwards else way)

    def _far_end(self, edge: Edge) -> Ref:
        return edge.dependent if self._outwards else edge.dependency


def hard_loops(edges: Iterable[Edge]) -> list[tuple[Edge, ...]]:
    """The shortest loop of each strongly connected component of the hard edges, from its first ref on."""
    inside: dict[Ref, list[Edge]] = {}
    for edge, component in _with_component([edge for edge in edges if edge.strength is Strength.HARD]):
        inside.setdefault(component, []).append(edge)
    return [_shortest_loop(inside[component]) for component in sorted(inside, key=key_of)]


def _arrows(edges: Iterable[Edge]) -> Arrows:
    import networkx as nx

    arrows: Arrows = nx.DiGraph()
    arrows.add_edges_from((edge.dependent, edge.dependency) for edge in edges)
    return arrows


def _with_component(edges: Sequence[Edge]) -> list[tuple[Edge, Ref]]:
    """The edges that lie on some loop, in order of their ends, each with the first ref of its component."""
    between = _Thinning(edges).left()
    if not between:
        return []
    import networkx as nx

    component_of: dict[Ref, Ref] = {}
    for members in nx.strongly_connected_components(_arrows(between)):
        if len(members) > 1:
            component_of |= dict.fromkeys(members, min(members))
    return [
        (edge, component_of[edge.dependent])
        for edge in sorted(between, key=order_of)
        if edge.dependent in component_of and component_of[edge.dependent] == component_of.get(edge.dependency)
    ]


def _inside_components(edges: Sequence[Edge]) -> list[Edge]:
    return [edge for edge, _ in _with_component(edges)]


class _Thinning:
    """Edges without those of refs that no loop can lead through: where nothing waits, or nothing is waited for.

    Chains and trees vanish in time linear in their length, so that a loop is looked for only where there may be one.
    """

    def __init__(self, edges: Sequence[Edge]) -> None:
        self.ways: dict[Ref, list[Edge]] = {}
        """The edges of those that wait."""
        self._backs: dict[Ref, list[Edge]] = {}
        for edge in edges:
            for ref in (edge.dependent, edge.dependency):
                if ref not in self.ways:
                    self.ways[ref], self._backs[ref] = [], []
            self.ways[edge.dependent].append(edge)
            self._backs[edge.dependency].append(edge)
        self._out = {ref: len(ways) for ref, ways in self.ways.items()}
        self._in = {ref: len(backs) for ref, backs in self._backs.items()}
        self.take_out(ref for ref in list(self.ways) if not (self._out[ref] and self._in[ref]))

    def left(self) -> list[Edge]:
        """The edges between what was not taken out."""
        return [edge for ways in self.ways.values() for edge in ways if edge.dependency in self.ways]

    def take_out(self, refs: Iterable[Ref]) -> None:
        """Take refs out, and with them all that no loop leads through any more."""
        gone = list(refs)
        for ref in gone:
            if ref not in self.ways:
                continue
            for edge in self.ways.pop(ref):
                self._in[edge.dependency] -= 1
                if not self._in[edge.dependency]:
                    gone.append(edge.dependency)
            for edge in self._backs[ref]:
                self._out[edge.dependent] -= 1
                if not self._out[edge.dependent]:
                    gone.append(edge.dependent)


def _shortest_loop(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The first of the shortest loops. A ref whose loops are known is taken out before the next one is tried."""
    thinning = _Thinning(edges)
    best: tuple[Edge, ...] = ()
    for start in sorted(thinning.ways, key=key_of):
        if start in thinning.ways:
            best = _loop_through(start, thinning.ways, shorter_than=len(best)) or best
            thinning.take_out([start])
    return best


def _loop_through(start: Ref, ways: dict[Ref, list[Edge]], *, shorter_than: int) -> tuple[Edge, ...]:
    """A shortest loop through one ref, breadth first; empty when none is below the limit (0: no limit)."""
    came_by: dict[Ref, Edge] = {}
    queue = deque([(start, 1)])
    while queue:
        here, length = queue.popleft()
        if length == shorter_than:
            break
        for edge in ways[here]:
            if edge.dependency == start:
                return (*_path_to(here, start, came_by), edge)
            if edge.dependency not in came_by and edge.dependency in ways:
                came_by[edge.dependency] = edge
                queue.append((edge.dependency, length + 1))
    return ()


def _path_to(end: Ref, start: Ref, came_by: dict[Ref, Edge]) -> tuple[Edge, ...]:
    path: list[Edge] = []
    while end != start:
        path.append(came_by[end])
        end = came_by[end].dependent
    return tuple(reversed(path))
