"""What goes wrong on a real API server without the hard edges of admission: writes that Git declares are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from rebuild.providers.kwok.lab import Lab
from tests.cluster.conftest import builtin, manifest, until_passed
from tests.support.waiting import within

pytestmark = pytest.mark.live

ADMISSION = "admissionregistration.k8s.io"


class Bench:
    """Writes to the lab's `default` namespace under names of its own, and takes back what it wrote."""

    def __init__(self, transport: Transport) -> None:
        self.name = f"adm-{uuid4().hex[:8]}"
        self._transport, self._cluster = transport, ApiServer(transport)
        self._written: list[str] = []

    def apply(self, body: Body, kind: Kind | None = None) -> None:
        kind = kind or builtin(body["apiVersion"].rpartition("/")[0], body["kind"])
        item = manifest(body, "default" if kind.namespaced else "")
        self._cluster.apply(item, kind)
        self._written.append(kind.item(item.ref))

    def refusal_of(self, write: Callable[[], None]) -> ClusterFault:
        """How a write is refused, once the server has heard of what refuses it."""
        for _ in within(60):
            try:
                write()
            except ClusterFault as error:
                return error
        raise AssertionError("the server never refused")

    def close(self) -> None:
        """Policies and their bindings first, since they refuse writes."""
        for path in sorted(self._written, key=lambda path: ADMISSION not in path):
            with suppress(ClusterFault):
                self._transport.request("DELETE", path)


@pytest.fixture
def bench(lab: Lab) -> Iterator[Bench]:
    transport = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    made = Bench(transport)
    yield made
    made.close()
    transport.close()


def policy(name: str, parameters: Body) -> tuple[Body, Body]:
    """A policy that lets pass whatever carries its label, and the binding that needs parameters."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    matching = {"resourceRules": [rule], "objectSelector": {"matchLabels": {"covered-by": name}}}
    spec = {"paramKind": parameters, "matchConstraints": matching, "validations": [{"expression": "true"}]}
    reference = {"name": name, "namespace": "default", "parameterNotFoundAction": "Deny"}
    bound = {"policyName": name, "validationActions": ["Deny"], "paramRef": reference}
    api, metadata = f"{ADMISSION}/v1", {"name": name}
    return (
        {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": bound},
    )


def covered(name: str, suffix: object) -> Body:
    labels = {"covered-by": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-{suffix}", "labels": labels}}


def definition(group: str, conversion: Body) -> Body:
    """A definition of Limits in two versions."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [
        {"name": "v1beta1", "served": True, "storage": False, "schema": schema},
        {"name": "v1", "served": True, "storage": True, "schema": schema},
    ]
    names = {"kind": "Limit", "plural": "limits", "singular": "limit", "listKind": "LimitList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions, "conversion": conversion}
    api = "apiextensions.k8s.io/v1"
    return {
        "apiVersion": api,
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"limits.{group}"},
        "spec": spec,
    }


def test_a_binding_without_its_parameters_refuses_what_it_covers(bench: Bench) -> None:
    for body in policy(bench.name, {"apiVersion": "v1", "kind": "ConfigMap"}):
        bench.apply(body)
    numbers = iter(range(10_000))
    refused = bench.refusal_of(lambda: bench.apply(covered(bench.name, next(numbers))))
    assert "no params found" in str(refused)
    bench.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": bench.name}})
    until_passed(lambda: bench.apply(covered(bench.name, "late")))


def test_a_policy_without_the_kind_of_its_parameters_refuses_what_it_covers(bench: Bench) -> None:
    group = f"{bench.name}.example.com"
    for body in policy(bench.name, {"apiVersion": f"{group}/v1", "kind": "Limit"}):
        bench.apply(body)
    numbers = iter(range(10_000))
    refused = bench.refusal_of(lambda: bench.apply(covered(bench.name, next(numbers))))
    assert "failed to find resource referenced by paramKind" in str(refused)


def test_only_the_stored_version_can_be_written_while_nobody_converts(bench: Bench) -> None:
    group = f"{bench.name}.example.com"
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/convert"}}
    body = definition(group, {"strategy": "Webhook", "webhook": webhook})
    bench.apply(body)
    kind = kinds.from_crd(body)
    limit = {"kind": "Limit", "metadata": {"name": bench.name}}
    until_passed(lambda: bench.apply({"apiVersion": f"{group}/v1", **limit}, kind))
    refused = bench.refusal_of(lambda: bench.apply({"apiVersion": f"{group}/v1beta1", **limit}, kind))
    assert refused.fault.cause is Cause.WEBHOOK
