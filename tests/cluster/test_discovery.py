"""Aggregated discovery documents to kinds."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.cluster import discovery
from rebuild.cluster.port import ClusterFault
from rebuild.model.kinds import Kind


def document(name: str, *versions: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": name}, "versions": list(versions)}]}


def version(name: str, *resources: dict[str, Any], freshness: str = "Current") -> dict[str, Any]:
    return {"version": name, "resources": list(resources), "freshness": freshness}


def resource(kind: str, plural: str, *, scope: str = "Namespaced", verb: str = "list") -> dict[str, Any]:
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": [verb]}


def test_versions_keep_the_order_that_the_server_prefers() -> None:
    widget = resource("Widget", "widgets")
    found = discovery.kinds(document("example.com", version("v2", widget), version("v1", widget)))
    assert list(found) == [Kind("example.com", "Widget", "widgets", namespaced=True, versions=("v2", "v1"))]


def test_the_core_group_has_no_name_and_scope_is_kept() -> None:
    found = discovery.kinds(document("", version("v1", resource("Node", "nodes", scope="Cluster"))))
    assert list(found) == [Kind("", "Node", "nodes", namespaced=False, versions=("v1",))]


def test_a_kind_that_cannot_be_listed_is_no_kind_for_us() -> None:
    review = resource("TokenReview", "tokenreviews", verb="create")
    assert list(discovery.kinds(document("authentication.k8s.io", version("v1", review)))) == []


def test_a_stale_group_is_left_out_and_the_rest_is_whole() -> None:
    stale = document("metrics.k8s.io", version("v1beta1", resource("PodMetrics", "pods"), freshness="Stale"))
    fresh = document("apps", version("v1", resource("Deployment", "deployments")))
    assert [kind.kind for kind in discovery.kinds(stale, fresh)] == ["Deployment"]


def test_a_server_without_aggregated_discovery_is_refused_by_name() -> None:
    with pytest.raises(ClusterFault, match=r"Kubernetes 1\.30 or later"):
        discovery.kinds({"kind": "APIVersions", "versions": ["v1"]})
