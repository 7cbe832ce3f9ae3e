"""From a blueprint to its graph: all rules, then one edge per pair of objects, then no loops.

The one door of this room. Must not know any kind: what depends on what is said by the rules, and adding one
is adding a file there and its name here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rebuild.graph import cycles, rank
from rebuild.graph.index import Index
from rebuild.graph.producing import Production
from rebuild.graph.rules import (
    apiservices,
    config_refs,
    crds,
    custom_refs,
    devices,
    explicit,
    gateways,
    ingresses,
    limits,
    namespaces,
    network_policies,
    producers,
    quotas,
    rbac,
    service_accounts,
    services,
    storage,
    storage_classes,
    targets,
    webhooks,
)
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding, Severity
from rebuild.model.refs import Ref

RULES = (
    namespaces,
    crds,
    config_refs,
    producers,
    service_accounts,
    rbac,
    storage,
    storage_classes,
    devices,
    apiservices,
    webhooks,
    services,
    ingresses,
    gateways,
    targets,
    limits,
    quotas,
    network_policies,
    custom_refs,
    explicit,
)


@dataclass(frozen=True, slots=True)
class Graph:
    """Who waits for whom. Without an error among the findings, the edges form no loop."""

    edges: tuple[Edge, ...] = field(repr=False)
    """At most one per pair of objects, in order of dependent and dependency."""
    dropped: tuple[Edge, ...]
    """The soft edges that closed a loop, weakest first."""
    expected: frozenset[Ref]
    """The dependencies that are not declared: we do not write them but can watch them."""
    produced: frozenset[Ref]
    """Those of them that a declared object makes: Secrets of an ExternalSecret, of a Certificate and the like."""
    tails: dict[Ref, float] = field(repr=False)
    """Expected seconds from the sending of each declared object until it and all that waits for it are READY.
    Empty when there is a hard loop, through which no such way has an end."""
    findings: tuple[Finding, ...] = ()


def build(blueprint: Blueprint) -> Graph:
    """The graph of a blueprint; the same whatever the order of its objects is.

    Findings: `dependency-cycle` (error) for hard loops, `edge-dropped` (info) for soft edges that closed one,
    and what the explicit annotations get wrong (errors: `invalid-depends-on`, `undeclared-dependency`).
    """
    index = Index(blueprint)
    edges = _strongest(edge for rule in RULES for edge in rule.edges_from(index))
    dropped = cycles.closing_loops(edges)
    gone = {each.edge for each in dropped}
    kept = [edge for edge in edges if edge not in gone] if gone else edges
    loops = cycles.hard_loops(kept)
    expected = frozenset(edge.dependency for edge in kept if index.get(edge.dependency) is None)
    production = Production(index)
    return Graph(
        edges=tuple(kept),
        dropped=tuple(each.edge for each in dropped),
        expected=expected,
        produced=frozenset(ref for ref in expected if production.of(ref)),
        tails={} if loops else rank.tails((item.ref for item in index), kept),
        findings=(
            *(_loop_finding(loop, index) for loop in loops),
            *explicit.findings_from(index),
            *(_dropped_finding(each, index) for each in dropped),
        ),
    )


def _strongest(edges: Iterable[Edge]) -> list[Edge]:
    """One edge per pair of objects, in order: the strongest, and of equals the first by rule and reason."""
    best: dict[tuple[Ref, Ref], Edge] = {}
    for edge in edges:
        if edge.dependent == edge.dependency:
            continue
        pair = edge.dependent, edge.dependency
        rival = best.get(pair)
        if rival is None or _goes_before(edge, rival):
            best[pair] = edge
    return sorted(best.values(), key=cycles.order_of)


def _goes_before(edge: Edge, rival: Edge) -> bool:
    if cycles.rank_of(edge) != cycles.rank_of(rival):
        return cycles.rank_of(edge) > cycles.rank_of(rival)
    return (edge.rule, edge.why) < (rival.rule, rival.why)


def _loop_finding(loop: Sequence[Edge], index: Index) -> Finding:
    steps = (f"{_placed(edge.dependent, index)} waits until {edge.dependency} {edge.gate}: {edge.why}" for edge in loop)
    written = any(edge.rule == "explicit" for edge in loop)
    first = loop[0].dependent
    item = index.get(first)
    return Finding(
        code="dependency-cycle",
        severity=Severity.ERROR,
        message="these objects wait for each other: " + "; ".join(steps),
        ref=first,
        origin=item.origin if item else None,
        next_step="remove one depends-on annotation of the loop" if written else "remove one of these references",
    )


def _dropped_finding(dropped: cycles.Dropped, index: Index) -> Finding:
    edge = dropped.edge
    item = index.get(edge.dependent)
    first, *others = map(str, dropped.way_back)
    way_back = f"{first} waits for {', which waits for '.join(others)}"
    return Finding(
        code="edge-dropped",
        severity=Severity.INFO,
        message=f"this order is not kept, since it closes a loop: {edge}, but {way_back}",
        ref=edge.dependent,
        origin=item.origin if item else None,
    )


def _placed(ref: Ref, index: Index) -> str:
    item = index.get(ref)
    return f"{ref} ({item.origin})" if item else str(ref)
