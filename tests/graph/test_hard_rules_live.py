"""What goes wrong without each hard edge: a refusal, a deletion, an empty volume, a pod set aside.

A hard rule that has no test here has no reason. Those about ConfigMaps and Secrets need a real kubelet, since nothing
on simulated nodes looks for them: tests/kind/test_missing_configuration.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, dig, dig_maps
from tests.cluster.conftest import Login, builtin, manifest, until_passed
from tests.conftest import LabMaker

pytestmark = pytest.mark.live

RBAC = "rbac.authorization.k8s.io"
CONTAINER = {"name": "web", "image": "nginx"}


@dataclass(frozen=True, slots=True)
class Bench:
    """One namespace of a real cluster, written to without any order but the test's own."""

    cluster: ApiServer
    transport: Transport
    namespace: str

    def apply(self, body: Body, *, by: ApiServer | None = None) -> None:
        kind, namespace = self._placed(body)
        (by or self.cluster).apply(manifest(body, namespace), kind)

    def refusal_of(self, body: Body, *, by: ApiServer | None = None) -> Cause:
        with pytest.raises(ClusterFault) as refused:
            self.apply(body, by=by)
        return refused.value.fault.cause

    def seen(self, body: Body, holds: Callable[[Body], Any]) -> Body:
        """The object as soon as something holds for it. Waits for the server's word, which ends after a minute."""
        for kind_of_event, live in self.events(body):
            if kind_of_event != "DELETED" and holds(live):
                return live
        raise AssertionError(f"never held for {body['kind']} {body['metadata']['name']}")

    def events(self, body: Body) -> Iterator[tuple[str, Body]]:
        """All that happens to an object for a minute, from what it is now on."""
        kind, namespace = self._placed(body)
        version = body["apiVersion"].rpartition("/")[2]
        query = f"watch=1&timeoutSeconds=60&fieldSelector=metadata.name={body['metadata']['name']}"
        wire, answer = self.transport.stream(f"{kind.collection(version, namespace)}?{query}", silence=90)
        with closing(wire):
            for line in _lines(answer.parts):
                event = orjson.loads(line)
                yield event["type"], event["object"]

    def _placed(self, body: Body) -> tuple[Kind, str]:
        kind = builtin(body["apiVersion"].rpartition("/")[0], body["kind"])
        return kind, self.namespace if kind.namespaced else ""


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


@pytest.fixture
def bench(cluster: ApiServer, transport: Transport, namespace: str) -> Bench:
    return Bench(cluster, transport, namespace)


def thing(api: str, kind: str, name: str, **fields: Any) -> Body:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}} | fields


def pod(**spec: Any) -> Body:
    return thing("v1", "Pod", "bare", spec={"containers": [CONTAINER]} | spec)


def workload(kind: str, *, claims: list[Body] | None = None, **pod_spec: Any) -> Body:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]} | pod_spec}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    return thing("apps/v1", kind, "web", spec=spec | ({"volumeClaimTemplates": claims} if claims else {}))


def claim(name: str, storage_class: str, **spec: Any) -> Body:
    size = {"requests": {"storage": "1Gi"}}
    asked = {"accessModes": ["ReadWriteOnce"], "storageClassName": storage_class, "resources": size}
    return thing("v1", "PersistentVolumeClaim", name, spec=asked | spec)


def volume(name: str, storage_class: str, **spec: Any) -> Body:
    held = {"accessModes": ["ReadWriteOnce"], "storageClassName": storage_class, "capacity": {"storage": "1Gi"}}
    kept = {"persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": "/old/data"}}
    return thing("v1", "PersistentVolume", name, spec=held | kept | spec)


def provisioning(bench: Bench) -> str:
    """A class whose claims get an empty volume at once."""
    name = f"{bench.namespace}-at-once"
    bench.apply(thing("storage.k8s.io/v1", "StorageClass", name, provisioner="disks.example.com"))
    return name


def condition(live: Body, kind: str) -> Body:
    return next((each for each in dig_maps(live, "status", "conditions") if each["type"] == kind), {})


class TestNamespaces:
    def test_an_object_is_refused_before_its_namespace(self, bench: Bench) -> None:
        away = Bench(bench.cluster, bench.transport, f"{bench.namespace}-not-yet")
        assert away.refusal_of(thing("v1", "ConfigMap", "settings")) is Cause.NAMESPACE_MISSING


class TestDefinitions:
    def test_a_custom_resource_is_not_found_before_its_definition(self, bench: Bench) -> None:
        group = f"{bench.namespace}.example.com"
        schema = {"openAPIV3Schema": {"type": "object"}}
        definition = thing(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            f"widgets.{group}",
            spec={
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            },
        )
        kind = kinds.from_crd(definition)
        assert kind
        resource = manifest(thing(f"{group}/v1", "Widget", "blue"), bench.namespace)
        with pytest.raises(ClusterFault) as refused:
            bench.cluster.apply(resource, kind)
        assert refused.value.fault.cause is Cause.NOT_SERVED
        bench.apply(definition)
        bench.seen(definition, lambda live: condition(live, "Established").get("status") == "True")
        until_passed(lambda: bench.cluster.apply(resource, kind))
        bench.transport.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}")


class TestServiceAccounts:
    def test_a_bare_pod_is_refused_without_its_account(self, bench: Bench) -> None:
        assert bench.refusal_of(pod(serviceAccountName="web")) is Cause.SERVICE_ACCOUNT_MISSING

    def test_a_token_of_no_account_is_deleted(self, bench: Bench) -> None:
        token = thing("v1", "Secret", "token", type="kubernetes.io/service-account-token")
        token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "web"}
        bench.apply(token)
        assert any(kind == "DELETED" for kind, _ in bench.events(thing("v1", "Secret", "token"))) or gone(bench, token)


def gone(bench: Bench, body: Body) -> bool:
    """Whether it was deleted before anybody could look."""
    with pytest.raises(ClusterFault) as refused:
        bench.transport.request("GET", f"/api/v1/namespaces/{bench.namespace}/secrets/{body['metadata']['name']}")
    return refused.value.fault.status == 404


class TestBindings:
    @pytest.mark.parametrize("kind", ["ClusterRoleBinding", "RoleBinding"])
    def test_a_binding_is_refused_before_its_role(self, bench: Bench, login: Login, kind: str) -> None:
        """For callers who may not `bind` whatever they like."""
        name = f"{bench.namespace}-{kind.lower()}"
        rule = {"apiGroups": [RBAC], "resources": ["rolebindings", "clusterrolebindings"], "verbs": ["create", "patch"]}
        user = login("low")
        bench.apply(thing(f"{RBAC}/v1", "ClusterRole", f"{name}-low", rules=[rule]))
        low = [{"kind": "ServiceAccount", "name": "low", "namespace": bench.namespace}]
        to_low = {"apiGroup": RBAC, "kind": "ClusterRole", "name": f"{name}-low"}
        bench.apply(thing(f"{RBAC}/v1", "ClusterRoleBinding", f"{name}-low", roleRef=to_low, subjects=low))
        binding = thing(f"{RBAC}/v1", kind, name, roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": name})

        answers = [bench.refusal_of(binding, by=user)]
        while answers[-1] is Cause.FORBIDDEN and len(answers) < 2000:
            # The authorizer learns of the new rights through a watch.
            answers.append(bench.refusal_of(binding, by=user))

        assert answers[-1] is Cause.ROLE_MISSING
        bench.apply(thing(f"{RBAC}/v1", "ClusterRole", name, rules=[]))
        until_passed(lambda: bench.apply(binding, by=user))


class TestVolumes:
    def test_a_claim_before_its_volume_is_bound_to_an_empty_one(self, bench: Bench) -> None:
        storage_class = provisioning(bench)
        reserved = volume(bench.namespace, storage_class, claimRef={"namespace": bench.namespace, "name": "data"})
        late = claim("data", storage_class)
        bench.apply(late)
        bound = bench.seen(late, lambda live: dig(live, "status", "phase") == "Bound")
        bench.apply(reserved)
        assert bound["spec"]["volumeName"] != bench.namespace
        # The volume with the data is Released or Available, and bound to nobody, for good.
        left = bench.seen(reserved, lambda live: dig(live, "status", "phase") in ("Available", "Released"))
        assert dig(left, "spec", "claimRef", "uid") is None

    def test_a_claim_after_its_volume_is_bound_to_that(self, bench: Bench) -> None:
        storage_class = provisioning(bench)
        reserved = volume(bench.namespace, storage_class, claimRef={"namespace": bench.namespace, "name": "data"})
        bench.apply(reserved)
        bench.seen(reserved, lambda live: dig(live, "status", "phase") == "Available")
        bench.apply(claim("data", storage_class))
        bound = bench.seen(claim("data", ""), lambda live: dig(live, "status", "phase") == "Bound")
        assert bound["spec"]["volumeName"] == bench.namespace

    def test_a_claim_before_the_volume_that_it_names_loses_a_round_of_the_volume_controller(self, bench: Bench) -> None:
        """A round takes 15 seconds; of several claims at random moments of it, not all can be lucky."""
        storage_class = provisioning(bench)
        assert any(self.loses_a_round(bench, f"data-{n}", storage_class) for n in range(3))

    def loses_a_round(self, bench: Bench, name: str, storage_class: str) -> bool:
        early = claim(name, storage_class, volumeName=f"{bench.namespace}-{name}")
        bench.apply(early)
        bench.seen(early, lambda live: dig(live, "status", "phase") == "Pending")
        late = volume(f"{bench.namespace}-{name}", storage_class)
        bench.apply(late)
        bench.seen(late, lambda live: dig(live, "status", "phase") == "Available")
        other = claim(f"{name}-provisioned", storage_class)
        bench.apply(other)
        bench.seen(other, lambda live: dig(live, "status", "phase") == "Bound")
        return bool(bench.seen(early, bool)["status"]["phase"] == "Pending")

    def test_a_claim_with_a_selector_waits_for_its_volume_and_gets_no_other(self, bench: Bench) -> None:
        """Which is why that edge is soft."""
        storage_class = provisioning(bench)
        early = claim("data", storage_class, selector={"matchLabels": {"disk": bench.namespace}})
        bench.apply(early)
        other = claim("other", storage_class)
        bench.apply(other)
        bench.seen(other, lambda live: dig(live, "status", "phase") == "Bound")
        assert bench.seen(early, bool)["status"]["phase"] == "Pending"

    def test_a_stateful_set_before_the_volume_of_its_claim_gets_an_empty_one(self, bench: Bench) -> None:
        storage_class = provisioning(bench)
        bench.apply(workload("StatefulSet", claims=[claim("data", storage_class)]))
        made = claim("data-web-0", storage_class)
        bound = bench.seen(made, lambda live: dig(live, "status", "phase") == "Bound")
        bench.apply(
            volume(bench.namespace, storage_class, claimRef={"namespace": bench.namespace, "name": "data-web-0"})
        )
        assert bound["spec"]["volumeName"] != bench.namespace

    def test_a_stateful_set_before_its_declared_claim_makes_another(self, bench: Bench) -> None:
        storage_class = provisioning(bench)
        bench.apply(workload("StatefulSet", claims=[claim("data", storage_class)]))
        declared = claim("data-web-0", storage_class, volumeName=bench.namespace)
        bench.seen(declared, lambda live: dig(live, "status", "phase") == "Bound")
        # It is bound to an empty volume, and that cannot be changed.
        assert bench.refusal_of(declared) in (Cause.INVALID, Cause.FIELD_CONFLICT)


class TestPodTemplates:
    def test_pods_are_refused_without_their_account(self, bench: Bench) -> None:
        self.refused(bench, "serviceaccount", serviceAccountName="web")

    def test_pods_are_refused_without_their_priority_class(self, bench: Bench) -> None:
        self.refused(bench, "PriorityClass", priorityClassName=f"{bench.namespace}-urgent")

    def test_pods_are_refused_without_their_runtime_class(self, bench: Bench) -> None:
        self.refused(bench, "RuntimeClass", runtimeClassName=f"{bench.namespace}-gvisor")

    def refused(self, bench: Bench, reason: str, **spec: Any) -> None:
        """A bare Pod for good, the pods of a Deployment until its controller tries again."""
        with pytest.raises(ClusterFault):
            bench.apply(pod(**spec))
        bench.apply(workload("Deployment", **spec))
        stuck = bench.seen(workload("Deployment"), lambda live: condition(live, "ReplicaFailure"))
        assert reason in condition(stuck, "ReplicaFailure")["message"]

    @pytest.mark.parametrize(
        "spec",
        [
            {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]},
            {"resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu"}]},
            {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}]},
        ],
        ids=["claim", "claim of devices", "template of such claims"],
    )
    def test_a_pod_is_set_aside_without_its_claim(self, bench: Bench, spec: Body) -> None:
        bench.seen(thing("v1", "ServiceAccount", "default"), bool)
        bench.apply(pod(**spec))
        later = pod()
        later["metadata"] = {"name": "later"}
        bench.apply(later)
        bench.seen(later, lambda live: dig(live, "spec", "nodeName"))
        waiting = bench.seen(pod(), bool)
        assert not dig(waiting, "spec", "nodeName")


class TestAggregatedApis:
    def test_an_api_service_before_its_backend_keeps_namespaces_from_going_away(self, make_lab: LabMaker) -> None:
        """In a lab of its own, since that harms everybody in the cluster. Objects of the API are refused meanwhile."""
        lab = make_lab("aggregated")
        transport = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
        with closing(transport):
            bench = Bench(ApiServer(transport), transport, "leaving")
            service = {"namespace": "leaving", "name": "not-yet"}
            spec = {"group": "flowers.example.com", "version": "v1", "service": service}
            order = {"insecureSkipTLSVerify": True, "groupPriorityMinimum": 100, "versionPriority": 10}
            early = thing("apiregistration.k8s.io/v1", "APIService", "v1.flowers.example.com", spec=spec | order)
            bench.apply(thing("v1", "Namespace", "leaving"))
            bench.apply(early)
            bench.seen(early, lambda live: condition(live, "Available").get("status") == "False")

            tulips = Kind("flowers.example.com", "Tulip", "tulips", namespaced=True, versions=("v1",))
            with pytest.raises(ClusterFault) as refused:
                bench.cluster.apply(manifest(thing("flowers.example.com/v1", "Tulip", "red"), "leaving"), tulips)
            assert refused.value.fault.cause is Cause.NOT_SERVED

            transport.request("DELETE", "/api/v1/namespaces/leaving")
            stuck = bench.seen(
                thing("v1", "Namespace", "leaving"),
                lambda live: condition(live, "NamespaceDeletionDiscoveryFailure").get("status") == "True",
            )
            assert "flowers.example.com/v1" in condition(stuck, "NamespaceDeletionDiscoveryFailure")["message"]
