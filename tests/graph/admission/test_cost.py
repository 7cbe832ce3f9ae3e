"""What admission costs: look-ups and edges are counted, seconds are not."""

from __future__ import annotations

import pytest

from rebuild.graph import build
from rebuild.graph.admission import interceptors
from rebuild.graph.admission.coverage import Coverage
from rebuild.graph.admission.requests import Requests
from rebuild.graph.index import Index
from rebuild.graph.rules import mutation, validation
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from tests.graph import reading

EVERYTHING = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]
KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
HOOKS = 10


def configuration(kind: str, number: int) -> Body:
    """A webhook that matches everything but one namespace."""
    apart = {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [f"n{number}"]}]
    }
    hook = {"name": f"h{number}.hooks.test", "rules": EVERYTHING, "namespaceSelector": apart}
    api = "admissionregistration.k8s.io/v1"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": f"c{number}"}, "webhooks": [hook]}


def objects(count: int) -> list[Manifest]:
    """ConfigMaps and Deployments of many names, labels and namespaces, under webhooks that match everything."""
    bodies = [configuration(kind, number) for kind in KINDS for number in range(HOOKS)]
    for number in range(count // 2):
        metadata = {"name": f"o{number}", "namespace": f"ns{number % 50}", "labels": {"app": f"o{number}"}}
        template = {"metadata": {"labels": metadata["labels"]}, "spec": {}}
        bodies += [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}},
        ]
    return [reading.manifest(body, Origin("many.yaml", line)) for line, body in enumerate(bodies)]


def blueprint(count: int) -> Blueprint:
    return reading.of(objects(count))


def asked(count: int) -> int:
    """How often a webhook was asked about a request, over all requests of so many objects."""
    index = Index(blueprint(count))
    coverage = Coverage([*interceptors.mutating(index), *interceptors.validating(index)])
    requests = Requests(index)
    for item in index:
        if creation := requests.creation(item):
            coverage.called_for(creation)
        for made in requests.made_by(item):
            coverage.called_for(made)
    return coverage.asked


def test_more_objects_are_not_more_questions() -> None:
    assert asked(4000) == asked(400)


@pytest.mark.parametrize("rule", [mutation, validation])
def test_webhooks_that_match_everything_cost_an_edge_for_each_object_and_one_for_each_webhook(rule: object) -> None:
    assert hasattr(rule, "edges_from")
    edges = list(rule.edges_from(Index(blueprint(2000))))
    assert len(edges) == 2000 + HOOKS


def test_what_goes_through_a_group_means_what_direct_edges_would_mean() -> None:
    manifests = objects(60)
    edges = [edge for rule in (mutation, validation) for edge in rule.edges_from(Index(reading.of(manifests)))]
    sources = {item.ref for item in manifests if item.ref.kind in KINDS}
    others = {item.ref for item in manifests} - sources
    for source in sources:
        for other in others:
            way = (other, source) if source.kind == KINDS[0] else (source, other)
            assert way in pairs(edges)


def pairs(edges: list[Edge]) -> set[tuple[Ref, Ref]]:
    """Who waits for whom, directly or through one group."""
    through = {(one.dependent, two.dependency) for one in edges for two in edges if one.dependency == two.dependent}
    return through | {(edge.dependent, edge.dependency) for edge in edges}


def test_the_whole_graph_stays_linear() -> None:
    sizes = [len(build.build(blueprint(count)).edges) for count in (500, 1000)]
    assert sizes[1] - sizes[0] == 1000


def picky(number: int, selects: str) -> Body:
    """A webhook for one thing among many: a label, a namespace, or a kind of its own."""
    labels = {"matchLabels": {"app": f"o{number}"}}
    home = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": [f"ns{number}"]}]}
    rule = {"apiGroups": [f"g{number}.test"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    narrow: dict[str, Body] = {
        "label": {"rules": EVERYTHING, "objectSelector": labels},
        "namespace": {"rules": EVERYTHING, "namespaceSelector": home},
        "kind": {"rules": [rule]},
    }
    metadata = {"name": f"p{number}"}
    hook = {"name": f"p{number}.hooks.test", **narrow[selects]}
    api = "admissionregistration.k8s.io/v1"
    return {"apiVersion": api, "kind": KINDS[number % 2], "metadata": metadata, "webhooks": [hook]}


def many_of_one_each(count: int, selects: str) -> Blueprint:
    """As many webhooks as objects, each for one of them."""
    bodies = [picky(number, selects) for number in range(count)]
    for number in range(count):
        names = {"kind": f"Kind{number}", "plural": f"kind{number}s"}
        versions = [{"name": "v1", "served": True, "storage": True}]
        spec = {"group": f"g{number}.test", "scope": "Namespaced", "names": names, "versions": versions}
        metadata = {"name": f"o{number}", "namespace": f"ns{number}", "labels": {"app": f"o{number}"}}
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
        bodies.append({**crd, "metadata": {"name": f"kind{number}s.g{number}.test"}})
        bodies.append({"apiVersion": f"g{number}.test/v1", "kind": f"Kind{number}", "metadata": metadata})
    manifests = [reading.manifest(body, Origin("many.yaml", line)) for line, body in enumerate(bodies)]
    return reading.of(manifests)


@pytest.mark.parametrize("selects", ["label", "namespace", "kind"])
def test_webhooks_for_one_object_each_are_asked_about_few(selects: str) -> None:
    index = Index(many_of_one_each(100, selects))
    coverage = Coverage([*interceptors.mutating(index), *interceptors.validating(index)])
    requests = Requests(index)
    called = 0
    for item in index:
        if (creation := requests.creation(item)) and item.ref.group.endswith(".test"):
            called += len(coverage.called_for(creation).certain)
    assert called == 100
    assert coverage.asked <= 2 * 100
