"""What can be read of a cluster is read, and what cannot is no reason to give up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect, open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.refs import Ref
from rebuild.ops import observe
from rebuild.providers.kwok.lab import Lab
from tests.plan import support

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.GROUP}
spec:
  group: GROUP
  scope: Cluster
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: &any {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
  - {name: v1beta1, served: true, storage: false, schema: *any}
  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v1]
      clientConfig: {service: {namespace: kube-system, name: nobody-is-there}}
"""
WIDGETS = """
---
apiVersion: GROUP/v1
kind: Widget
metadata: {name: stored}
---
apiVersion: GROUP/v1beta1
kind: Widget
metadata: {name: other}
"""


@pytest.fixture
def transport(lab: Lab) -> Iterator[Transport]:
    opened = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture
def group(transport: Transport) -> Iterator[str]:
    """An API group of the test's own."""
    name = f"g{uuid4().hex[:8]}.example.com"
    yield name
    transport.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{name}")


def until_passed(call: Callable[[], object]) -> None:
    """Call until the server no longer refuses: an API is only just being set up."""
    for _ in range(2000):
        try:
            call()
        except ClusterFault:
            continue
        return
    raise AssertionError("the server kept refusing")


@pytest.mark.live
def test_a_version_that_nobody_converts_to_hides_nothing_else(transport: Transport, group: str) -> None:
    cluster = ApiServer(transport)
    found = support.blueprint((DEFINITION + WIDGETS).replace("GROUP", group))
    kind = Kind(group, "Widget", "widgets", False, ("v1", "v1beta1"))
    definition, stored, other = found
    cluster.apply(definition, found.kinds.of(definition.ref) or kind)
    until_passed(lambda: cluster.apply(stored, kind))
    with pytest.raises(ClusterFault) as caught:
        cluster.list(kind, "v1beta1")
    assert caught.value.fault.cause is Cause.WEBHOOK
    held = observe.snapshot(cluster, found, found.kinds)
    assert held.get(stored.ref)
    assert held.get(definition.ref)
    assert held.get(other.ref) is None
    unknown = held.why_unread(other.ref)
    assert unknown
    assert unknown.cause is Cause.WEBHOOK
    assert held.why_unread(stored.ref) is None


@pytest.mark.live
def test_a_kind_that_is_not_served_yet_holds_nothing(transport: Transport) -> None:
    found = support.blueprint((DEFINITION + WIDGETS).replace("GROUP", "nowhere.example.com"))
    held = observe.snapshot(ApiServer(transport), found, found.kinds)
    assert held.get(Ref("", "Namespace", "", "kube-system"))
    assert not list(held.of_kind("nowhere.example.com", "Widget"))
    assert not held.unread


@pytest.mark.live
def test_a_cluster_that_stops_answering_is_unreachable(lab: Lab) -> None:
    cluster = connect(context=lab.context, kubeconfig=lab.kubeconfig, timeout=0.000001)
    with pytest.raises(Unreachable, match="the cluster cannot be read"):
        observe.snapshot(cluster, support.blueprint("{}"), support.blueprint("{}").kinds)
    cluster.close()
