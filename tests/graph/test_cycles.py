"""Soft edges are dropped only where they close a loop, weakest first; of hard loops the shortest is shown.

The oracle walks paths by hand, without networkx and without strongly connected components.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rebuild.graph import cycles
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref

REFS = [Ref("", "ConfigMap", "shop", name) for name in "abcdef"]
GATES = list(Gate)


def edge(dependent: Ref, dependency: Ref, gate: Gate, strength: Strength) -> Edge:
    return Edge(dependent, dependency, gate, strength, "test")


def hard(dependent: Ref, dependency: Ref) -> Edge:
    return edge(dependent, dependency, Gate.EXISTS, Strength.HARD)


def soft(dependent: Ref, dependency: Ref, gate: Gate = Gate.EXISTS) -> Edge:
    return edge(dependent, dependency, gate, Strength.SOFT)


@st.composite
def graphs(draw: st.DrawFn, *, strengths: Sequence[Strength] = tuple(Strength)) -> list[Edge]:
    """At most one edge per pair of objects, in any order."""
    pairs = draw(st.lists(st.sampled_from(list(permutations(REFS, 2))), unique=True, max_size=18))
    return [edge(one, other, draw(st.sampled_from(GATES)), draw(st.sampled_from(strengths))) for one, other in pairs]


def reaches(start: Ref, end: Ref, edges: Iterable[Edge]) -> bool:
    """Whether `start` waits for `end`, directly or not."""
    edges = list(edges)
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for way in edges:
            if way.dependent == here and way.dependency not in seen:
                seen.add(way.dependency)
                todo.append(way.dependency)
    return end in seen


def kept_of(edges: Sequence[Edge]) -> list[Edge]:
    gone = {each.edge for each in cycles.closing_loops(edges)}
    return [each for each in edges if each not in gone]


@given(graphs())
def test_only_soft_edges_that_close_a_loop_are_dropped(edges: list[Edge]) -> None:
    kept = kept_of(edges)
    for dropped in cycles.closing_loops(edges):
        assert dropped.edge.strength is Strength.SOFT
        assert reaches(dropped.edge.dependency, dropped.edge.dependent, kept)


@given(graphs())
def test_what_is_dropped_closes_a_loop_of_edges_none_of_which_is_weaker(edges: list[Edge]) -> None:
    kept = kept_of(edges)
    for dropped in cycles.closing_loops(edges):
        strong = [each for each in kept if cycles.rank_of(each) >= cycles.rank_of(dropped.edge)]
        assert reaches(dropped.edge.dependency, dropped.edge.dependent, strong)


@given(graphs())
def test_no_kept_soft_edge_is_on_a_loop(edges: list[Edge]) -> None:
    kept = kept_of(edges)
    for each in kept:
        if each.strength is Strength.SOFT:
            assert not reaches(each.dependency, each.dependent, kept)


@given(graphs())
def test_the_way_back_is_made_of_kept_edges(edges: list[Edge]) -> None:
    arrows = {(each.dependent, each.dependency) for each in kept_of(edges)}
    for dropped in cycles.closing_loops(edges):
        steps = list(zip(dropped.way_back, dropped.way_back[1:], strict=False))
        assert (dropped.way_back[0], dropped.way_back[-1]) == (
            dropped.edge.dependency,
            dropped.edge.dependent,
        )
        assert set(steps) <= arrows


@given(graphs())
def test_dropped_edges_come_weakest_first(edges: list[Edge]) -> None:
    ranks = [cycles.rank_of(each.edge) for each in cycles.closing_loops(edges)]
    assert ranks == sorted(ranks)


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_edges_changes_nothing(edges: list[Edge], random: Random) -> None:
    shuffled = list(edges)
    random.shuffle(shuffled)
    one, other = cycles.closing_loops(shuffled), cycles.closing_loops(edges)
    assert [(each.edge, each.way_back) for each in one] == [(each.edge, each.way_back) for each in other]
    assert cycles.hard_loops(shuffled) == cycles.hard_loops(edges)


@given(graphs(strengths=[Strength.HARD]))
def test_a_hard_loop_is_closed_and_no_shorter_one_exists(edges: list[Edge]) -> None:
    looping = {ref for ref in REFS if any(e.dependent == ref and reaches(e.dependency, ref, edges) for e in edges)}
    loops = cycles.hard_loops(edges)
    for loop in loops:
        assert set(loop) <= set(edges)
        assert all(a.dependency == b.dependent for a, b in zip(loop, loop[1:] + loop[:1], strict=True))
        together = {
            ref for ref in looping if reaches(loop[0].dependent, ref, edges) and reaches(ref, loop[0].dependent, edges)
        }
        assert len(loop) == shortest_loop_among(together, edges)
        looping -= together
    assert not looping


def shortest_loop_among(refs: set[Ref], edges: list[Edge]) -> int:
    """By trying every sequence of objects."""
    arrows = {(each.dependent, each.dependency) for each in edges}
    return next(
        size
        for size in range(2, len(refs) + 1)
        for round_trip in permutations(sorted(refs), size)
        if set(zip(round_trip, round_trip[1:] + round_trip[:1], strict=True)) <= arrows
    )


def test_a_soft_edge_gives_way_before_a_mixed_loop_is_called_hard() -> None:
    a, b, c, *_ = REFS
    edges = [hard(a, b), hard(b, c), soft(c, a, Gate.READY)]
    assert [each.edge for each in cycles.closing_loops(edges)] == [soft(c, a, Gate.READY)]
    assert cycles.hard_loops(edges) == []


def test_the_weaker_of_two_soft_edges_gives_way() -> None:
    a, b, *_ = REFS
    edges = [soft(a, b, Gate.EXISTS), soft(b, a, Gate.SERVED)]
    assert [each.edge for each in cycles.closing_loops(edges)] == [soft(a, b, Gate.EXISTS)]


def test_the_edges_of_a_rule_that_yields_are_weaker_than_all_other_soft_ones() -> None:
    a, b, *_ = REFS
    yielding, other = replace(soft(a, b, Gate.READY), rule="yielding"), soft(b, a, Gate.EXISTS)
    assert [each.edge for each in cycles.closing_loops([yielding, other])] == [other]
    assert [each.edge for each in cycles.closing_loops([yielding, other], {"yielding"})] == [yielding]


def test_each_component_shows_its_own_shortest_loop() -> None:
    a, b, c, d, e, _ = REFS
    edges = [hard(a, b), hard(b, c), hard(c, a), hard(c, b), hard(d, e), hard(e, d), hard(a, d)]
    assert cycles.hard_loops(edges) == [(hard(b, c), hard(c, b)), (hard(d, e), hard(e, d))]


class Counted(Ref, frozen=True):
    """A ref that counts how often anything looks it up."""

    looked_up = 0

    def __hash__(self) -> int:
        Counted.looked_up += 1
        return hash(self.name)


def lookups(size: int, *, closed: bool) -> int:
    """How much work it is to find the loops of a chain of hard edges, whose ends may meet."""
    refs = [Counted("", "ConfigMap", "shop", str(number)) for number in range(size)]
    edges = [hard(a, b) for a, b in zip(refs, refs[1:] + (refs[:1] if closed else []), strict=False)]
    before = Counted.looked_up
    assert cycles.closing_loops(edges) == []
    assert [len(loop) for loop in cycles.hard_loops(edges)] == ([size] if closed else [])
    return Counted.looked_up - before


def test_the_work_on_a_chain_and_on_a_ring_grows_as_they_do() -> None:
    for closed in (False, True):
        assert lookups(4000, closed=closed) < 2.1 * lookups(2000, closed=closed)


def test_a_chain_of_a_hundred_thousand_objects_is_no_loop() -> None:
    assert lookups(100_000, closed=False) < 40 * 100_000
