"""From a blueprint to its graph: all rules, then one edge per pair of objects, then no loops.

The one door of this room. Must not know any kind: what depends on what is said by the rules, and adding one
is adding a file there and its name here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from rebuild.graph import cycles, fans, rank
from rebuild.graph.index import Index, key_of
from rebuild.graph.producing import Production
from rebuild.graph.rules import (
    apiservices,
    argo_hooks,
    argo_waves,
    ca_bundles,
    config_refs,
    conversions,
    crds,
    custom_refs,
    devices,
    explicit,
    flux_depends_on,
    gateways,
    helm_hooks,
    ingresses,
    kapp_change_groups,
    limits,
    mutation,
    namespaces,
    network_policies,
    policies,
    producers,
    quotas,
    rbac,
    service_accounts,
    services,
    storage,
    storage_classes,
    targets,
    validation,
    webhooks,
)
from rebuild.model.blueprint import Blueprint
from rebuild.model.discreet import Discreet
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding, Severity
from rebuild.model.groups import is_group
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
    ca_bundles,
    conversions,
    mutation,
    policies,
    validation,
    services,
    ingresses,
    gateways,
    targets,
    limits,
    quotas,
    network_policies,
    custom_refs,
    explicit,
    argo_waves,
    argo_hooks,
    flux_depends_on,
    kapp_change_groups,
    helm_hooks,
)
_HINTS = frozenset({"explicit", "argo_waves", "argo_hooks", "flux_depends_on", "kapp_change_groups", "helm_hooks"})
"""The rules that follow what somebody wrote down about the order."""
YIELDING = frozenset({validation.RULE})
"""The rules whose soft edges are the first to give way in a loop."""
WAY_SHOWN = 10
"""How many objects of a way are named at most; a loop may lead through all of them."""


class Graph(Discreet, frozen=True):
    """Who waits for whom. Without an error among the findings, the edges form no loop."""

    unshown = frozenset({"edges", "tails"})

    edges: tuple[Edge, ...]
    """At most one per pair of objects, in order of dependent and dependency; some ends are groups."""
    dropped: tuple[Edge, ...]
    """The soft edges that closed a loop, weakest first."""
    expected: frozenset[Ref]
    """The dependencies that are not declared: we do not write them but can watch them."""
    produced: frozenset[Ref]
    """Those of them that a declared object makes: Secrets of an ExternalSecret, of a Certificate and the like."""
    tails: dict[Ref, float]
    """Expected seconds from the sending of each declared object until it and all that waits for it are READY.
    Empty when there is a hard loop, through which no such way has an end."""
    findings: tuple[Finding, ...] = ()


def build(blueprint: Blueprint) -> Graph:
    """The graph of a blueprint; the same whatever the order of its objects is.

    Findings: `dependency-cycle` (error) for hard loops, `edge-dropped` (info) for soft edges that closed one,
    and what the explicit annotations get wrong (errors: `invalid-depends-on`, `undeclared-dependency`).
    """
    index = Index(blueprint)
    kept, dropped, core = _without_loops(_strongest(edge for rule in RULES for edge in rule.edges_from(index)))
    loops = cycles.hard_loops(core)
    expected = frozenset(
        edge.dependency for edge in kept if index.get(edge.dependency) is None and not is_group(edge.dependency)
    )
    production = index.once(Production)
    return Graph(
        edges=tuple(kept),
        dropped=tuple(each.edge for each in dropped),
        expected=expected,
        produced=frozenset(ref for ref in expected if production.of(ref)),
        tails={} if loops else rank.tails((item.ref for item in index), kept),
        findings=(
            *(_loop_finding(loop, index) for loop in loops),
            *explicit.findings_from(index),
            *flux_depends_on.findings_from(index),
            *kapp_change_groups.findings_from(index),
            *webhooks.findings_from(index),
            *policies.findings_from(index),
            *_dropped_findings(dropped, index),
        ),
    )


def _without_loops(edges: list[Edge]) -> tuple[list[Edge], list[cycles.Dropped], list[Edge]]:
    """The edges that stay, those that closed a loop, and those that stay of which a loop may still be made.

    A group must not cost more than what closes the loop: where an edge to or from it has to go, the edges that it
    stands for take its place, and those that close no loop stay.
    """
    while True:
        core = cycles.core(edges)
        dropped = cycles.closing_loops(core, YIELDING)
        if not dropped:
            return edges, [], core
        gone = {each.edge for each in dropped}
        kept = [edge for edge in edges if edge not in gone]
        of_groups = {edge for edge in gone if is_group(edge.dependent) or is_group(edge.dependency)}
        if not of_groups:
            return kept, dropped, [edge for edge in core if edge not in gone]
        others = (edge for edge in edges if edge not in of_groups)
        edges = _strongest([*others, *fans.direct(of_groups, edges)])


def _strongest(edges: Iterable[Edge]) -> list[Edge]:
    """One edge per pair of objects, in order: the strongest, and of equals the first by rule and reason."""
    best: dict[Ref, dict[Ref, Edge]] = defaultdict(dict)
    for edge in edges:
        if edge.dependent == edge.dependency:
            continue
        rival = best[edge.dependent].setdefault(edge.dependency, edge)
        if rival is not edge and _goes_before(edge, rival):
            best[edge.dependent][edge.dependency] = edge
    return [
        best[dependent][ref] for dependent in sorted(best, key=key_of) for ref in sorted(best[dependent], key=key_of)
    ]


def _goes_before(edge: Edge, rival: Edge) -> bool:
    if cycles.rank_of(edge) != cycles.rank_of(rival):
        return cycles.rank_of(edge) > cycles.rank_of(rival)
    return (edge.rule, edge.why) < (rival.rule, rival.why)


def _loop_finding(loop: Sequence[Edge], index: Index) -> Finding:
    edges = _between_objects(loop)
    steps = [f"{_placed(e.dependent, index)} waits until {e.dependency} {e.gate}: {e.why}" for e in edges]
    written = any(edge.rule in _HINTS for edge in edges)
    first = edges[0].dependent
    item = index.get(first)
    return Finding(
        code="dependency-cycle",
        severity=Severity.ERROR,
        message="these objects wait for each other: " + "; ".join(_ends_of(steps)),
        ref=first,
        origin=item.origin if item else None,
        next_step="change one annotation or dependsOn of the loop" if written else "remove one of these references",
    )


def _between_objects(loop: Sequence[Edge]) -> list[Edge]:
    """The loop with each group left out: who waits for it waits for its member. A group alone makes no loop."""
    start = next(number for number, edge in enumerate(loop) if not is_group(edge.dependent))
    edges: list[Edge] = []
    for edge in (*loop[start:], *loop[:start]):
        if is_group(edge.dependent):
            edges[-1] = replace(edges[-1], dependency=edge.dependency, gate=edge.gate)
        else:
            edges.append(edge)
    return edges


def _dropped_findings(dropped: Sequence[cycles.Dropped], index: Index) -> Iterator[Finding]:
    """One finding for all that would wait for the same object by the same rule: a backend and all that it needs."""
    alike: dict[tuple[Ref, str], list[cycles.Dropped]] = defaultdict(list)
    for each in dropped:
        alike[each.edge.dependency, each.edge.rule].append(each)
    for same in alike.values():
        edge = same[0].edge
        item = index.get(edge.dependent)
        more = f"; neither is that of {len(same) - 1} more that would wait for it" if len(same) > 1 else ""
        yield Finding(
            code="edge-dropped",
            severity=Severity.INFO,
            message=f"this order is not kept, since it closes a loop: {edge}, but {_told(same[0].way_back)}{more}",
            ref=edge.dependent,
            origin=item.origin if item else None,
        )


def _told(way_back: Sequence[Ref]) -> str:
    """Who waits for whom on the way, without the groups, and without the middle of a long way."""
    first, *others = (str(ref) for ref in way_back if not is_group(ref))
    return f"{first} waits for {', which waits for '.join(_ends_of(others))}"


def _ends_of(steps: list[str]) -> list[str]:
    """The steps without the middle of a long way."""
    if len(steps) <= WAY_SHOWN:
        return steps
    half = WAY_SHOWN // 2
    return [*steps[:half], f"({len(steps) - WAY_SHOWN} more of these)", *steps[-half:]]


def _placed(ref: Ref, index: Index) -> str:
    item = index.get(ref)
    return f"{ref} ({item.origin})" if item else str(ref)
