"""Edges from many objects to many others, which go through a group as soon as that makes fewer of them.

Must not know why anybody waits; a group and the edges around it mean what those edges between all pairs would mean.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.groups import group, is_group
from rebuild.model.refs import Ref


def edges(
    waits: Mapping[Ref, str],
    dependencies: Iterable[Ref],
    *,
    gate: Gate,
    strength: Strength,
    members: Strength,
    rule: str,
) -> Iterator[Edge]:
    """Each dependent, with its reason, waits for every dependency.

    Args:
        waits: the dependents, each with the reason that its edges carry.
        dependencies: what all of them wait for.
        gate: what they wait for.
        strength: how strictly they wait.
        members: how strictly a group waits for the dependencies: soft where it may open without those that failed.
        rule: the rule that says so; it names the group, together with the dependencies.
    """
    others = sorted(dependencies)
    if len(waits) * len(others) <= len(waits) + len(others):
        for dependent, why in waits.items():
            yield from (Edge(dependent, other, gate, strength, why, rule) for other in others)
        return
    together = group(f"{rule}-{hashlib.sha256(' '.join(map(str, others)).encode()).hexdigest()[:12]}")
    for dependent, why in waits.items():
        yield Edge(dependent, together, gate, strength, why, rule)
    for other in others:
        yield Edge(together, other, gate, members, "is one of the group", rule)


def direct(unkept: Iterable[Edge], every: Iterable[Edge]) -> Iterator[Edge]:
    """What edges to or from a group stand for: the same ones between its two sides, without that group.

    Args:
        unkept: edges that cannot be kept, each with a group at one end or at both.
        every: all edges of the graph, these included.
    """
    members: dict[Ref, list[Edge]] = defaultdict(list)
    waiting: dict[Ref, list[Edge]] = defaultdict(list)
    for edge in every:
        if is_group(edge.dependent):
            members[edge.dependent].append(edge)
        if is_group(edge.dependency):
            waiting[edge.dependency].append(edge)
    for edge in unkept:
        for member in members[edge.dependency]:
            yield replace(edge, dependency=member.dependency, gate=member.gate)
        for one in waiting[edge.dependent]:
            yield replace(one, dependency=edge.dependency, gate=edge.gate)
