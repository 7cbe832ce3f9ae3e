"""What can be read of a cluster is read, and what cannot is no reason to give up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from rebuild.cluster import client
from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect, open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.refs import Ref
from rebuild.ops import observe
from rebuild.plan.snapshot import Snapshot
from rebuild.providers.kwok.lab import Lab
from tests.plan import support
from tests.support import fault_proxy
from tests.support.fault_proxy import Fault, Rule, by_rules
from tests.support.waiting import within

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
    for _ in within(60):
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


CONFIG_MAPS = r"^/api/v1/configmaps\?"
DENIED = fault_proxy.refusing(403, "Forbidden", 'User "us" cannot list resource "configmaps" in API group ""')
GONE = fault_proxy.refusing(410, "Expired", "the continue token is too old")
FAULTS: dict[str, list[Fault]] = {
    "reset": [fault_proxy.reset],
    "429": [fault_proxy.refusing(429, "TooManyRequests", "too many requests")],
    "503": [fault_proxy.refusing(503, "ServiceUnavailable", "not now")],
    "500": [fault_proxy.refusing(500, "InternalError", "something broke")],
    "denied once": [DENIED],
    "one after the other": [fault_proxy.reset, fault_proxy.truncated, fault_proxy.refusing(504, "Timeout", "too late")],
}


@pytest.fixture
def found() -> Blueprint:
    return support.blueprint("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}")


class Look(Protocol):
    """Looks at the lab when the lists of ConfigMaps that come first, but for some, fail in these ways."""

    def __call__(self, faults: Sequence[Fault], *, after: int = 0) -> tuple[int, Snapshot]:
        """How often it asked for such lists, and what it saw."""


@pytest.fixture
def look(lab: Lab, tmp_path: Path, found: Blueprint) -> Look:
    def look(faults: Sequence[Fault], *, after: int = 0) -> tuple[int, Snapshot]:
        with fault_proxy.opened(lab, tmp_path) as proxy:
            proxy.script = by_rules(*(Rule(fault, path=CONFIG_MAPS, after=after, times=1) for fault in faults))
            cluster = connect(context=lab.context, kubeconfig=proxy.kubeconfig)
            try:
                held = observe.snapshot(cluster, found, found.kinds)
            finally:
                cluster.close()
            return sum(bool(re.search(CONFIG_MAPS, path)) for _, path in proxy.seen), held

    return look


@pytest.mark.live
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_list_that_hiccups_is_asked_for_again(look: Look, faults: list[Fault]) -> None:
    asked, held = look(faults)
    assert asked == len(faults) + 1
    assert held.get(Ref("", "ConfigMap", "kube-system", "kube-root-ca.crt"))
    assert not held.unread


@pytest.mark.live
@pytest.mark.parametrize(
    "fault", [*FAULTS["reset"], *FAULTS["500"], *FAULTS["503"], GONE], ids=["reset", "500", "503", "410"]
)
def test_a_list_that_breaks_off_in_the_middle_is_asked_for_anew(
    look: Look, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(client, "PAGE", 1)
    pages, whole = look([])
    asked, held = look([fault], after=2)
    assert pages > 3
    assert asked == pages + 3
    assert list(held.of_kind("", "ConfigMap")) == list(whole.of_kind("", "ConfigMap"))
    assert not held.unread


@pytest.mark.live
def test_a_kind_that_the_server_cannot_read_hides_no_other(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "PATIENCE", 1.0)
    asked, held = look(FAULTS["500"] * 1000)
    assert 1 < asked < 10
    assert held.get(Ref("", "Namespace", "", "kube-system"))
    assert {unread.cause for unread in held.unread.values()} == {Cause.INTERNAL}


@pytest.mark.live
def test_a_list_that_admission_forbids_is_asked_for_once(look: Look) -> None:
    asked, held = look([fault_proxy.saying(b"{}", status=403)])
    assert asked == 1
    assert {unread.cause for unread in held.unread.values()} == {Cause.FORBIDDEN}


@pytest.mark.live
def test_a_denial_is_believed_when_a_server_that_knows_us_repeats_it(look: Look) -> None:
    asked, held = look([DENIED] * 3)
    assert asked == 2
    assert {unread.cause for unread in held.unread.values()} == {Cause.DENIED}


@pytest.mark.live
def test_a_cluster_that_goes_on_failing_is_unreachable(
    lab: Lab, tmp_path: Path, found: Blueprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "PATIENCE", 1.0)
    with fault_proxy.opened(lab, tmp_path) as proxy:
        proxy.script = by_rules(Rule(fault_proxy.refusing(503, "ServiceUnavailable", "not now"), path=CONFIG_MAPS))
        cluster = connect(context=lab.context, kubeconfig=proxy.kubeconfig)
        with pytest.raises(Unreachable, match=r"cannot be read.*configmaps") as caught:
            observe.snapshot(cluster, found, found.kinds)
        cluster.close()
    assert caught.value.hint
    assert 1 < len(proxy.hit) < 10
