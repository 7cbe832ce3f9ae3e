"""How to make the real server give each recorded answer: `PROVOCATIONS`, by the name of the case folder.

Each one prepares what it takes and returns the request that is to fail. The server learns of policies and rights
through watches, so that request may have to be made more than once.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from rebuild.cluster.client import ApiServer
from rebuild.cluster.transport import Transport
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from tests.cluster.conftest import Login, builtin, config_map, manifest
from tests.graph.admission.recorder import recording

RBAC = "rbac.authorization.k8s.io"
JSON = {"Content-Type": "application/json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
SILENT_PORT = 24817
"""Stands in a recorded message."""
CONTAINER = {"name": "web", "image": "nginx"}


Request = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a provocation may use."""

    cluster: ApiServer
    transport: Transport
    namespace: str
    custom_kind: Kind
    login: Login
    cleanup: list[Request]

    def apply(self, body: Body, *, by: ApiServer | None = None) -> None:
        """Apply an object of a built-in kind."""
        group, _, version = body["apiVersion"].rpartition("/")
        kind = builtin(group, body["kind"])
        (by or self.cluster).apply(manifest(body, self.namespace if kind.namespaced else ""), kind)
        if not kind.namespaced:
            path = f"{kind.collection(version)}/{body['metadata']['name']}"
            self.cleanup.append(lambda: self.transport.request("DELETE", path))

    def apply_as(self, kind: Kind, *, by: ApiServer | None = None, **fields: Any) -> None:
        """Apply an object of a kind that is not built in."""
        body = thing(f"{kind.group}/v1", kind.kind, "w", **fields)
        (by or self.cluster).apply(manifest(body, self.namespace), kind)

    def create_and_delete(self, body: Body) -> None:
        """Apply a namespaced object of the core group and, where that passed, make room for the next try."""
        self.apply(body)
        kind = builtin("", body["kind"])
        self.transport.request("DELETE", f"{kind.collection('v1', self.namespace)}/{body['metadata']['name']}")


def thing(api: str, kind: str, name: str, **fields: Any) -> Body:
    """An object in one line."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}} | fields


def pod(**spec: Any) -> Body:
    """A bare Pod."""
    return thing("v1", "Pod", "p", spec={"containers": [CONTAINER]} | spec)


def deployment(label: str, container: Body) -> Body:
    """A Deployment that selects by one label."""
    template = {"metadata": {"labels": {"app": label}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": label}}, "template": template}
    return thing("apps/v1", "Deployment", "web", spec=spec)


def binding(role_kind: str, role: str, *, kind: str = "RoleBinding", account: Body | None = None) -> Body:
    """A binding of a role to an account, or to nobody."""
    ref = {"apiGroup": RBAC, "kind": role_kind, "name": role}
    return thing(f"{RBAC}/v1", kind, "bind", roleRef=ref, subjects=[account] if account else [])


def widgets(group: str) -> Kind:
    """A kind that nobody serves."""
    return Kind(group, "Widget", "widgets", namespaced=True, versions=("v1",))


def binder(bench: Bench) -> ApiServer:
    """A user who may write bindings everywhere, and may not hand out what it does not have."""
    name = bench.namespace
    rule = {"apiGroups": [RBAC], "resources": ["rolebindings", "clusterrolebindings"], "verbs": ["create", "patch"]}
    account = {"kind": "ServiceAccount", "name": "low", "namespace": name}
    user = bench.login("low")
    bench.apply(thing(f"{RBAC}/v1", "ClusterRole", name, rules=[rule]))
    allow = binding("ClusterRole", name, kind="ClusterRoleBinding", account=account)
    bench.apply(allow | {"metadata": {"name": name}})
    return user


def unknown_field(bench: Bench) -> Request:
    return lambda: bench.apply(thing("v1", "ConfigMap", "typo", dat={"a": "1"}))


def duplicate_merge_key(bench: Bench) -> Request:
    twice = [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]
    return lambda: bench.apply(deployment("a", CONTAINER | {"env": twice}))


def selector_of_a_deployment(bench: Bench) -> Request:
    bench.apply(deployment("a", CONTAINER))
    return lambda: bench.apply(deployment("b", CONTAINER))


def service_of_a_stateful_set(bench: Bench) -> Request:
    def stateful(service: str) -> Body:
        spec = deployment("a", CONTAINER)["spec"] | {"serviceName": service}
        return thing("apps/v1", "StatefulSet", "web", spec=spec)

    bench.apply(stateful("one"))
    return lambda: bench.apply(stateful("two"))


def template_of_a_job(bench: Bench) -> Request:
    def job(image: str) -> Body:
        template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "web", "image": image}]}}
        return thing("batch/v1", "Job", "seed", spec={"suspend": False, "template": template})

    bench.apply(job("nginx:1"))
    return lambda: bench.apply(job("nginx:2"))


def role_of_a_binding(bench: Bench) -> Request:
    for role in ("one", "two"):
        bench.apply(thing(f"{RBAC}/v1", "Role", role, rules=[]))
    bench.apply(binding("Role", "one"))
    return lambda: bench.apply(binding("Role", "two"))


def data_of_a_sealed_config_map(bench: Bench) -> Request:
    bench.apply(thing("v1", "ConfigMap", "c", data={"a": "1"}, immutable=True))
    return lambda: bench.apply(thing("v1", "ConfigMap", "c", data={"a": "2"}, immutable=True))


def parameters_of_a_storage_class(bench: Bench) -> Request:
    def storage(kind: str) -> Body:
        api = "storage.k8s.io/v1"
        return thing(api, "StorageClass", bench.namespace, provisioner="example.com/none", parameters={"type": kind})

    bench.apply(storage("slow"))
    return lambda: bench.apply(storage("fast"))


def mode_of_a_claim(bench: Bench) -> Request:
    def claim(mode: str) -> Body:
        spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"}
        return thing("v1", "PersistentVolumeClaim", "data", spec=spec)

    bench.apply(claim("ReadWriteOnce"))
    return lambda: bench.apply(claim("ReadWriteMany"))


def immutable_and_wrong_at_once(bench: Bench) -> Request:
    bench.apply(deployment("a", CONTAINER))
    return lambda: bench.apply(deployment("b", {"name": "Not a name", "image": "nginx"}))


def service(name: str, **spec: Any) -> Body:
    """A Service in one line."""
    return thing("v1", "Service", name, spec={"type": "NodePort", "ports": [{"port": 80} | spec]})


def node_port_of_another_service(bench: Bench) -> Request:
    bench.apply(service("first", nodePort=30817))
    return lambda: bench.apply(service("second", nodePort=30817))


def address_of_another_service(bench: Bench) -> Request:
    # Of the few that are never given to a Service that names none.
    spec = {"ports": [{"port": 80}], "clusterIP": "10.0.0.13"}
    bench.apply(thing("v1", "Service", "first", spec=spec))
    return lambda: bench.apply(thing("v1", "Service", "second", spec=spec))


def bad_name(bench: Bench) -> Request:
    return lambda: bench.apply(thing("v1", "ConfigMap", "Bad_Name"))


def unknown_field_of_a_custom_resource(bench: Bench) -> Request:
    return lambda: bench.apply_as(bench.custom_kind, spec={"sise": 1})


def wrong_type_in_a_secret(bench: Bench) -> Request:
    return lambda: bench.apply(thing("v1", "Secret", "s", stringData={"pin": 424242}))


def too_large_for_etcd(bench: Bench) -> Request:
    return lambda: bench.apply_as(bench.custom_kind, free={"x": "y" * 1_700_000})


def too_large_for_a_message_to_etcd(bench: Bench) -> Request:
    return lambda: bench.apply_as(bench.custom_kind, free={"x": "y" * 2_500_000})


def too_large_for_a_request(bench: Bench) -> Request:
    return lambda: bench.apply_as(bench.custom_kind, free={"x": "y" * 3_500_000})


def exists_already(bench: Bench) -> Request:
    path = f"/api/v1/namespaces/{bench.namespace}/configmaps"
    bench.apply(thing("v1", "ConfigMap", "c"))
    body = orjson.dumps({"metadata": {"name": "c"}})
    return lambda: bench.transport.request("POST", path, body=body, headers=JSON)


def another_manager(bench: Bench) -> Request:
    path = f"/api/v1/namespaces/{bench.namespace}/configmaps/c?fieldManager=someone"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    bench.transport.request("PATCH", path, body=config_map(bench.namespace, "c", a="1").payload, headers=headers)
    return lambda: bench.apply(thing("v1", "ConfigMap", "c", data={"a": "2"}))


def unknown_group(bench: Bench) -> Request:
    return lambda: bench.apply_as(widgets("none.example.com"))


def unknown_kind_of_a_known_group(bench: Bench) -> Request:
    return lambda: bench.apply_as(widgets("apps"))


def api_service_without_a_backend(bench: Bench) -> Request:
    group = f"dead.{bench.namespace}.example.com"
    spec = {
        "group": group,
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "service": {"name": "nobody", "namespace": bench.namespace},
        "insecureSkipTLSVerify": True,
    }
    bench.apply(thing("apiregistration.k8s.io/v1", "APIService", f"v1.{group}", spec=spec))
    return lambda: bench.apply_as(widgets(group))


def namespace_not_there(bench: Bench) -> Request:
    return lambda: bench.cluster.apply(config_map("nowhere", "c"), builtin("", "ConfigMap"))


def namespace_being_deleted(bench: Bench) -> Request:
    held = thing("v1", "ConfigMap", "held")
    held["metadata"]["finalizers"] = ["example.com/held"]
    bench.apply(held)
    path = f"/api/v1/namespaces/{bench.namespace}"
    let_go = orjson.dumps({"metadata": {"finalizers": None}})
    bench.cleanup.append(
        lambda: bench.transport.request("PATCH", f"{path}/configmaps/held", body=let_go, headers=MERGE_PATCH)
    )
    bench.transport.request("DELETE", path)
    return lambda: bench.apply(thing("v1", "ConfigMap", "late"))


def role_of_a_role_binding(bench: Bench) -> Request:
    user = binder(bench)
    return lambda: bench.apply(binding("Role", "nobody"), by=user)


def role_of_a_cluster_role_binding(bench: Bench) -> Request:
    user = binder(bench)
    return lambda: bench.apply(binding("ClusterRole", "nobody", kind="ClusterRoleBinding"), by=user)


def more_rights_than_one_has(bench: Bench) -> Request:
    user = binder(bench)
    return lambda: bench.apply(binding("ClusterRole", "system:node-bootstrapper"), by=user)


def account_of_a_pod(bench: Bench) -> Request:
    return lambda: bench.apply(pod(serviceAccountName="nobody"))


def priority_class_of_a_pod(bench: Bench) -> Request:
    bench.apply(thing("v1", "ServiceAccount", "web"))
    return lambda: bench.apply(pod(serviceAccountName="web", priorityClassName="nobody"))


def quota_is_used_up(bench: Bench) -> Request:
    bench.apply(thing("v1", "ResourceQuota", "q", spec={"hard": {"secrets": "0"}}))
    return lambda: bench.create_and_delete(thing("v1", "Secret", "s"))


def quota_is_not_counted_yet(bench: Bench) -> Request:
    bench.apply(thing("v1", "ResourceQuota", "q", spec={"hard": {"secrets": "5"}}))
    path = f"/api/v1/namespaces/{bench.namespace}/resourcequotas/q/status"
    uncounted = orjson.dumps({"status": {"used": None}})

    def request() -> None:
        bench.transport.request("PATCH", path, body=uncounted, headers=MERGE_PATCH)
        bench.create_and_delete(thing("v1", "Secret", "s"))

    return request


def rights(bench: Bench) -> Request:
    user = bench.login("low")
    return lambda: bench.apply(thing("v1", "ConfigMap", "c"), by=user)


def rights_come_before_the_path(bench: Bench) -> Request:
    user = bench.login("low")
    return lambda: bench.apply_as(widgets("none.example.com"), by=user)


def hooked(bench: Bench, name: str, client: Body, **fields: Any) -> Request:
    """A webhook for the Secrets of the namespace."""
    hook = {
        "name": name,
        "clientConfig": client,
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["secrets"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": bench.namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    } | fields
    api = "admissionregistration.k8s.io/v1"
    bench.apply(thing(api, "ValidatingWebhookConfiguration", bench.namespace, webhooks=[hook]))
    return lambda: bench.create_and_delete(thing("v1", "Secret", "s"))


def webhook_refuses_connections(bench: Bench) -> Request:
    return hooked(bench, "dead.example.com", {"url": "https://127.0.0.1:1/validate"})


def webhook_never_answers(bench: Bench) -> Request:
    silent = socket.create_server(("127.0.0.1", SILENT_PORT))
    bench.cleanup.append(silent.close)
    return hooked(bench, "silent.example.com", {"url": f"https://127.0.0.1:{SILENT_PORT}/validate"}, timeoutSeconds=1)


def webhook_says_no(bench: Bench) -> Request:
    stack = ExitStack()
    bench.cleanup.append(stack.close)
    recorder = stack.enter_context(recording(Path(stack.enter_context(TemporaryDirectory()))))
    return hooked(bench, "strict.example.com", recorder.client("deny"))


def account_is_gone(bench: Bench) -> Request:
    user = bench.login("low")
    bench.transport.request("DELETE", f"/api/v1/namespaces/{bench.namespace}/serviceaccounts/low")
    return lambda: bench.apply(thing("v1", "ConfigMap", "c"), by=user)


PROVOCATIONS: dict[str, Callable[[Bench], Request]] = {
    "conflict/exists_already": exists_already,
    "field-conflict/another_manager": another_manager,
    "forbidden/more_rights_than_one_has": more_rights_than_one_has,
    "forbidden/priority_class_of_a_pod": priority_class_of_a_pod,
    "denied/rights": rights,
    "forbidden/webhook_says_no": webhook_says_no,
    "denied/rights_come_before_the_path": rights_come_before_the_path,
    "invalid/bad_name": bad_name,
    "invalid/duplicate_merge_key": duplicate_merge_key,
    "immutable/mode_of_a_claim": mode_of_a_claim,
    "immutable/data_of_a_sealed_config_map": data_of_a_sealed_config_map,
    "immutable/parameters_of_a_storage_class": parameters_of_a_storage_class,
    "immutable/role_of_a_binding": role_of_a_binding,
    "immutable/selector_of_a_deployment": selector_of_a_deployment,
    "immutable/service_of_a_stateful_set": service_of_a_stateful_set,
    "immutable/template_of_a_job": template_of_a_job,
    "invalid/immutable_and_wrong_at_once": immutable_and_wrong_at_once,
    "invalid/too_large_for_a_message_to_etcd": too_large_for_a_message_to_etcd,
    "invalid/too_large_for_a_request": too_large_for_a_request,
    "invalid/too_large_for_etcd": too_large_for_etcd,
    "invalid/unknown_field": unknown_field,
    "invalid/unknown_field_of_a_custom_resource": unknown_field_of_a_custom_resource,
    "invalid/wrong_type_in_a_secret": wrong_type_in_a_secret,
    "namespace-missing/not_there": namespace_not_there,
    "namespace-terminating/being_deleted": namespace_being_deleted,
    "not-served/api_service_without_a_backend": api_service_without_a_backend,
    "not-served/unknown_group": unknown_group,
    "not-served/unknown_kind_of_a_known_group": unknown_kind_of_a_known_group,
    "port-allocated/address_of_another_service": address_of_another_service,
    "port-allocated/node_port_of_another_service": node_port_of_another_service,
    "quota/not_counted_yet": quota_is_not_counted_yet,
    "quota/used_up": quota_is_used_up,
    "role-missing/of_a_cluster_role_binding": role_of_a_cluster_role_binding,
    "role-missing/of_a_role_binding": role_of_a_role_binding,
    "service-account-missing/of_a_pod": account_of_a_pod,
    "unauthorized/account_is_gone": account_is_gone,
    "webhook/refuses_connections": webhook_refuses_connections,
    "webhook/never_answers": webhook_never_answers,
}
