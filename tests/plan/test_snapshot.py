"""What a snapshot says of a cluster: its objects, and who does not belong there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect
from rebuild.cluster.port import ClusterFault
from rebuild.model import kinds
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.plan import snapshot
from rebuild.plan.snapshot import CONTEXT_KINDS, Snapshot, kinds_to_list, version_of
from rebuild.providers.kwok import config
from tests.conftest import LabMaker
from tests.plan import support

BASELINE = config.BASELINE.namespaces


def body(api_version: str, kind: str, name: str, namespace: str = "") -> Body:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


@pytest.mark.parametrize(
    "stranger",
    [
        body("v1", "Namespace", "shop"),
        body("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com"),
        body("v1", "ConfigMap", "settings", "default"),
        body("v1", "Service", "web", "default"),
        body("v1", "ServiceAccount", "kubernetes", "default"),
    ],
    ids=lambda each: each["kind"],
)
def test_namespaces_definitions_and_things_in_default_are_strangers(stranger: Body) -> None:
    assert Snapshot([stranger]).strangers(BASELINE) == [snapshot.ref_of(stranger)]


@pytest.mark.parametrize(
    "native",
    [
        body("v1", "Namespace", "kube-system"),
        body("v1", "Service", "kubernetes", "default"),
        body("v1", "Endpoints", "kubernetes", "default"),
        body("v1", "ConfigMap", "kube-root-ca.crt", "default"),
        body("v1", "Event", "something-happened", "default"),
        body("v1", "ConfigMap", "extension-apiserver-authentication", "kube-system"),
        body("rbac.authorization.k8s.io/v1", "ClusterRole", "admin"),
    ],
    ids=lambda each: each["kind"],
)
def test_what_every_cluster_holds_is_none(native: Body) -> None:
    assert Snapshot([native]).strangers(frozenset()) == []


def test_a_provider_may_bring_namespaces_of_its_own() -> None:
    held = Snapshot([body("v1", "Namespace", "local-path-storage")])
    assert held.strangers(frozenset({"local-path-storage"})) == []
    assert held.strangers(frozenset()) == [Ref("", "Namespace", "", "local-path-storage")]


def test_strangers_are_named_once_and_in_order() -> None:
    deployment = body("apps/v1", "Deployment", "web", "default")
    held = Snapshot([deployment, body("v1", "Namespace", "shop"), deployment | {"apiVersion": "apps/v1beta2"}])
    assert [ref.kind for ref in held.strangers(BASELINE)] == ["Namespace", "Deployment"]


def test_an_object_is_found_in_the_version_it_was_asked_for() -> None:
    v1 = body("example.com/v1", "Widget", "a")
    v2 = body("example.com/v2", "Widget", "a")
    held = Snapshot([v1, v2])
    assert held.get(Ref("example.com", "Widget", "", "a", "v1")) is v1
    assert held.get(Ref("example.com", "Widget", "", "a", "v2")) is v2
    assert held.get(Ref("example.com", "Widget", "", "a", "v3")) is None
    assert list(held.of_kind("example.com", "Widget")) == [v1, v2]
    assert list(held.of_kind("", "Widget")) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 0),
        ("9" * 5000, 0),
        ("", 0),
        ("abc", 0),
        (None, 0),
    ],
)
def test_resource_versions_are_decimal_numbers(text: str | None, number: int) -> None:
    assert version_of({"metadata": {"resourceVersion": text}}) == number


def test_a_plan_lists_each_declared_kind_and_version_once_and_its_context() -> None:
    found = support.blueprint(
        "".join(
            f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"
            for version, kind, name in [
                ("v1", "ConfigMap", "a"),
                ("v1", "ConfigMap", "b"),
                ("autoscaling/v1", "HorizontalPodAutoscaler", "c"),
                ("autoscaling/v2", "HorizontalPodAutoscaler", "d"),
                ("example.com/v1", "Unknown", "e"),
            ]
        )
    )
    listed = [(kind.kind, version) for kind, version in kinds_to_list(found, kinds.builtin())]
    assert sorted(listed) == [
        ("ConfigMap", "v1"),
        ("CustomResourceDefinition", "v1"),
        ("HorizontalPodAutoscaler", "v1"),
        ("HorizontalPodAutoscaler", "v2"),
        ("Namespace", "v1"),
        ("Node", "v1"),
        ("Pod", "v1"),
        ("Service", "v1"),
        ("StorageClass", "v1"),
    ]


def test_the_kinds_of_the_context_exist() -> None:
    assert all(kinds.builtin().get(*each) for each in CONTEXT_KINDS)


@pytest.mark.live
def test_a_lab_that_nobody_wrote_to_is_fresh(make_lab: LabMaker) -> None:
    lab = make_lab()
    cluster = connect(context=lab.context, kubeconfig=lab.kubeconfig)
    try:
        held = Snapshot(everything(cluster))
    finally:
        cluster.close()
    assert len(list(held.of_kind("", "Namespace"))) >= 4
    assert held.strangers(BASELINE) == []


def everything(cluster: ApiServer) -> Iterator[Body]:
    """All objects of all kinds that can be listed."""
    for kind in cluster.served():
        try:
            yield from cluster.list(kind, kind.versions[0]).items
        except ClusterFault as error:
            if error.fault.status not in (404, 405):
                raise
            # Reviews and bindings can only be created.
