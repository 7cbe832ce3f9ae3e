"""Going through a group changes the number of edges, and neither who waits for whom nor what is dropped."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.graph import fans
from rebuild.graph.build import build
from rebuild.graph.rules.explicit import ANNOTATION
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.groups import is_group
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from tests.graph import reading

API = "admissionregistration.k8s.io"
EVERYTHING = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]
NODES = [
    *(("ConfigMap", f"c{n}") for n in range(5)),
    *(("MutatingWebhookConfiguration", f"m{n}") for n in range(2)),
    *(("ValidatingWebhookConfiguration", f"v{n}") for n in range(2)),
]


def refs(prefix: str, count: int) -> list[Ref]:
    return [Ref("", "ConfigMap", "shop", f"{prefix}{n}") for n in range(count)]


def without_groups(edges: list[Edge]) -> set[tuple[Ref, Ref]]:
    """Who waits for whom, directly or through one group; edges to and from groups aside."""
    through = {(one.dependent, two.dependency) for one in edges for two in edges if one.dependency == two.dependent}
    pairs = {(edge.dependent, edge.dependency) for edge in edges}
    return {pair for pair in pairs | through if not any(map(is_group, pair))}


@pytest.mark.parametrize(("dependents", "dependencies"), [(1, 1), (1, 9), (9, 1), (2, 2), (3, 2), (2, 3), (9, 9)])
def test_a_fan_makes_no_more_edges_than_it_must_and_joins_all_with_all(dependents: int, dependencies: int) -> None:
    left, right = refs("a", dependents), refs("b", dependencies)
    strength = Strength.SOFT
    edges = list(
        fans.edges(
            dict.fromkeys(left, "why"), right, gate=Gate.READY, strength=strength, members=Strength.HARD, rule="test"
        )
    )
    assert len(edges) == min(dependents * dependencies, dependents + dependencies)
    assert without_groups(edges) == set(product(left, right))
    assert list(fans.direct([e for e in edges if is_group(e.dependency)], edges)) == [
        Edge(one, other, Gate.READY, strength, "why", "test")
        for one, other in product(left, right)
        if len(edges) < dependents * dependencies
    ]


@st.composite
def repositories(draw: st.DrawFn) -> list[Manifest]:
    """Webhooks that cover everything, and an order without a loop that somebody wrote down for some of it."""
    order = draw(st.permutations(NODES))
    manifests = []
    for position, (kind, name) in enumerate(order):
        before = draw(st.lists(st.sampled_from(order[:position]), unique=True, max_size=3)) if position else []
        metadata: Body = {"name": name, "annotations": {ANNOTATION: ",".join(map(entry, before))} if before else {}}
        body: Body = {"apiVersion": f"{API}/v1", "kind": kind, "metadata": metadata}
        if kind == "ConfigMap":
            body |= {"apiVersion": "v1", "metadata": metadata | {"namespace": "shop"}}
        else:
            body["webhooks"] = [{"name": "a.hooks.test", "rules": EVERYTHING}]
        manifests.append(reading.manifest(body, Origin("all.yaml", position)))
    return manifests


def entry(node: tuple[str, str]) -> str:
    kind, name = node
    return f"/namespaces/shop/{kind}/{name}" if kind == "ConfigMap" else f"{API}/{kind}/{name}"


@settings(deadline=None)
@given(repositories())
def test_exactly_that_order_is_given_up_that_closes_a_loop(manifests: list[Manifest]) -> None:
    graph = build(reading.of(manifests))
    waits = without_groups(list(graph.edges))
    dropped = {(edge.dependent, edge.dependency) for edge in graph.dropped}
    assert not any(is_group(end) for pair in dropped for end in pair)
    maps, mutating, validating = (
        [item.ref for item in manifests if item.ref.kind.startswith(kind)]
        for kind in ("ConfigMap", "Mutating", "Validating")
    )
    wanted = set(product(maps, mutating)) | set(product(validating, maps))
    assert wanted <= waits | dropped
    assert not waits & dropped
    for pair in dropped:
        assert reaches(pair[1], pair[0], waits), "it closes a loop"
    for pair in waits:
        assert not reaches(pair[1], pair[0], waits), "no loop is left"


def reaches(start: Ref, end: Ref, waits: set[tuple[Ref, Ref]]) -> bool:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for one, other in waits:
            if one == here and other not in seen:
                seen.add(other)
                todo.append(other)
    return end in seen
