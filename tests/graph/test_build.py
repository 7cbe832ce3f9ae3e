"""The graph of a whole blueprint: one edge per pair, no loops, nothing that depends on the order of files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph import argo
from rebuild.graph.build import build
from rebuild.graph.rules.explicit import ANNOTATION
from rebuild.model.edges import Gate, Strength
from rebuild.model.findings import Severity
from rebuild.model.groups import is_group
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from tests.graph import reading

INPUTS = sorted((Path(__file__).parent / "cases").glob("*/*/input.yaml"))


def everything() -> list[Manifest]:
    """The objects of all cases thrown together; of those that share a ref, the last one."""
    manifests = (
        reading.manifest(each.body, Origin(f"{file.parent.name}.yaml", each.origin.line))
        for file in INPUTS
        for each in reading.blueprint(file.read_bytes())
    )
    return list(reading.of(manifests))


def config(name: str, *depends_on: str) -> Manifest:
    """A ConfigMap of namespace `shop` that waits for others of it; its file is named like it."""
    names = ",".join(f"/namespaces/shop/ConfigMap/{other}" for other in depends_on)
    metadata = {"name": name, "namespace": "shop", "annotations": {ANNOTATION: names} if names else {}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    return reading.manifest(body, Origin(f"{name}.yaml", 3))


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_files_changes_nothing(seed: int) -> None:
    manifests = everything()
    graph = build(reading.of(manifests))
    random.Random(seed).shuffle(manifests)
    again = build(reading.of(manifests))
    assert again == graph
    assert list(map(str, again.edges)) == list(map(str, graph.edges))
    assert {edge.rule for edge in graph.edges} == {file.parent.parent.name for file in INPUTS}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), st.randoms(use_true_random=False))
def test_explicit_orders_without_a_loop_are_kept_whole(pairs: list[tuple[int, int]], shuffler: random.Random) -> None:
    wanted = {(max(pair), min(pair)) for pair in pairs if pair[0] != pair[1]}
    manifests = [config(str(n), *(str(low) for high, low in sorted(wanted) if high == n)) for n in range(10)]
    shuffled = shuffler.sample(manifests, len(manifests))
    graph = build(reading.of(shuffled))
    assert graph == build(reading.of(manifests))
    assert {(int(e.dependent.name), int(e.dependency.name)) for e in graph.edges} == wanted
    assert not graph.findings
    assert not graph.dropped
    assert all(graph.tails[e.dependency] > graph.tails[e.dependent] for e in graph.edges)


def test_of_several_reasons_the_strongest_makes_the_edge() -> None:
    """The pod's named account would be soft as a reference; admission makes it hard."""
    graph = build(
        reading.blueprint("""
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop}
spec: {serviceAccountName: web}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {config.kubernetes.io/depends-on: /namespaces/shop/ConfigMap/settings}
spec: {template: {spec: {containers: [{name: c, envFrom: [configMapRef: {name: settings}]}]}}}
""")
    )
    assert [(e.dependency.name, e.strength, e.gate, e.rule) for e in graph.edges] == [
        ("web", Strength.HARD, Gate.EXISTS, "service_accounts"),
        ("settings", Strength.HARD, Gate.READY, "explicit"),
    ]
    assert graph.expected == {Ref("", "ServiceAccount", "shop", "web")}


def test_declared_dependencies_are_not_expected() -> None:
    graph = build(reading.of([config("a", "b"), config("b")]))
    assert graph.expected == frozenset()
    assert set(graph.tails) == {config("a").ref, config("b").ref}


def test_a_hard_loop_is_an_error_that_tells_the_whole_round_trip() -> None:
    graph = build(reading.of([config("c", "a"), config("b", "c"), config("a", "b"), config("d", "a")]))
    (finding,) = graph.findings
    assert str(finding) == (
        "a.yaml:3: error: these objects wait for each other: "
        "v1/ConfigMap/shop/a (a.yaml:3) waits until v1/ConfigMap/shop/b ready: depends-on annotation; "
        "v1/ConfigMap/shop/b (b.yaml:3) waits until v1/ConfigMap/shop/c ready: depends-on annotation; "
        "v1/ConfigMap/shop/c (c.yaml:3) waits until v1/ConfigMap/shop/a ready: depends-on annotation "
        "[dependency-cycle] (change one annotation or dependsOn of the loop)"
    )
    assert finding.severity is Severity.ERROR
    assert finding.ref == config("a").ref
    assert graph.tails == {}


def test_a_loop_of_an_annotation_and_a_reference_is_hard_as_well() -> None:
    """Its namespace cannot wait for what lives in it."""
    graph = build(
        reading.blueprint("""
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: {config.kubernetes.io/depends-on: /namespaces/shop/ConfigMap/settings}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}}
""")
    )
    (finding,) = graph.findings
    assert finding.code == "dependency-cycle"
    assert "lives in this namespace" in finding.message
    assert "depends-on annotation" in finding.message


def test_contradictory_hints_of_two_tools_name_both_places_and_no_group() -> None:
    """A wave of Argo CD says one thing, an annotation of kpt the other; the wave goes through a group."""
    text = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c0, namespace: shop, annotations: {KPT: /namespaces/shop/ConfigMap/c5}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c1, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c2, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c3, namespace: shop, annotations: {WAVE: "1"}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c4, namespace: shop, annotations: {WAVE: "1"}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c5, namespace: shop, annotations: {WAVE: "1"}}}
"""
    graph = build(reading.blueprint(text.replace("KPT", ANNOTATION).replace("WAVE", argo.WAVE)))
    (finding,) = graph.findings
    assert finding.message == (
        "these objects wait for each other: "
        "v1/ConfigMap/shop/c0 (input.yaml:2) waits until v1/ConfigMap/shop/c5 ready: depends-on annotation; "
        "v1/ConfigMap/shop/c5 (input.yaml:14) waits until v1/ConfigMap/shop/c0 ready: its sync wave comes after wave 0"
    )
    assert finding.next_step == "change one annotation or dependsOn of the loop"


def test_a_soft_edge_that_closes_a_loop_is_dropped_and_said() -> None:
    """The autoscaler would follow its target, but somebody wants it first."""
    graph = build(
        reading.blueprint("""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {config.kubernetes.io/depends-on: autoscaling/namespaces/shop/HorizontalPodAutoscaler/web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
""")
    )
    (edge,) = graph.edges
    assert edge.rule == "explicit"
    (dropped,) = graph.dropped
    assert (dropped.rule, dropped.strength) == ("targets", Strength.SOFT)
    (finding,) = graph.findings
    assert (finding.code, finding.severity, finding.ref) == ("edge-dropped", Severity.INFO, dropped.dependent)
    autoscaler, web = "autoscaling/v2/HorizontalPodAutoscaler/shop/web", "apps/v1/Deployment/shop/web"
    assert finding.message == (
        f"this order is not kept, since it closes a loop: {autoscaler} waits until {web} exists "
        f"(soft: scales it), but {web} waits for {autoscaler}"
    )
    assert set(graph.tails) == {edge.dependent, edge.dependency}


MESH = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: one}
webhooks:
  - name: one.hooks.test
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: ["*"]}]
    clientConfig: {caBundle: Q0E=, service: {namespace: one, name: hook}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: two}
webhooks:
  - name: two.hooks.test
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: ["*"]}]
    clientConfig: {caBundle: Q0E=, service: {namespace: two, name: hook}}
---
{apiVersion: v1, kind: Service, metadata: {name: hook, namespace: one}, spec: {selector: {app: hook}}}
---
{apiVersion: v1, kind: Service, metadata: {name: hook, namespace: two}, spec: {selector: {app: hook}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: hook, namespace: one, labels: {app: hook}}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: hook, namespace: two, labels: {app: hook}}, spec: {containers: []}}
---
{apiVersion: v1, kind: Secret, metadata: {name: other, namespace: shop}}
---
{apiVersion: v1, kind: Secret, metadata: {name: another, namespace: shop}}
"""


def test_a_backend_waits_for_the_other_webhooks_of_a_group_that_it_is_in_itself() -> None:
    """The group would close a loop for what stands behind one of its members; the direct edges close fewer."""
    graph = build(reading.blueprint(MESH))
    dropped = {str(edge) for edge in graph.dropped}
    assert not any(is_group(end) for edge in graph.dropped for end in (edge.dependent, edge.dependency))
    soft = {(str(e.dependent), e.dependency.name) for e in graph.edges if e.rule == "mutation"}
    together = {name for who, name in soft if who.startswith("rebuild/")}
    assert together == {"one", "two"}
    assert sum(1 for who, _ in soft if "/Secret/" in who) == 2
    # Either backend could go first, and then the other one's objects wait for it: what is kept is as much as can be.
    assert {who for who, name in soft if name == "one" and "/two/" in who} == {"v1/Pod/two/hook", "v1/Service/two/hook"}
    assert {name for who, name in soft if "/one/" in who} == set()
    assert len(dropped) == 6


def test_whoever_wants_a_webhook_early_goes_after_it() -> None:
    """What it covers goes first, unless somebody says otherwise; the others still go first then."""
    graph = build(
        reading.blueprint("""
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: one}
webhooks:
  - {name: a.hooks.test, rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: two}
webhooks:
  - {name: b.hooks.test, rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: late
  namespace: shop
  annotations:
    config.kubernetes.io/depends-on: admissionregistration.k8s.io/ValidatingWebhookConfiguration/one
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}}
""")
    )
    (dropped,) = graph.dropped
    assert (dropped.dependent.name, dropped.dependency.name) == ("one", "late")
    waits = {(edge.dependent.name, edge.dependency.name) for edge in graph.edges}
    assert {("late", "one"), ("two", "late")} <= waits


def test_a_long_chain_under_a_webhook_that_its_end_answers_is_told_in_one_short_finding() -> None:
    """Every object of the chain would wait for the webhook, which waits for the whole chain."""
    chain = [config("0"), *(config(str(n), str(n - 1)) for n in range(1, 5000))]
    webhook = reading.blueprint("""
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: everything
  annotations: {config.kubernetes.io/depends-on: /namespaces/shop/ConfigMap/4999}
webhooks:
  - {name: a.hooks.test, rules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"]}]}
""")
    graph = build(reading.of([*chain, *webhook]))
    assert len(graph.dropped) == 5000
    (finding,) = graph.findings
    assert "4999 more" in finding.message
    assert len(finding.message) < 2000
