"""How to make the real server give each recorded answer; every function is one case folder, by `<cause>/<name>`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from rebuild.cluster.client import ApiServer
from rebuild.cluster.transport import Transport
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from tests.cluster.conftest import Login, builtin, config_map, manifest, until_refused

RBAC = "rbac.authorization.k8s.io"
JSON = {"Content-Type": "application/json"}
CONTAINER = {"name": "web", "image": "nginx"}


@dataclass(frozen=True, slots=True)
class Bench:
    """What a provocation may use."""

    cluster: ApiServer
    transport: Transport
    namespace: str
    custom_kind: Kind
    login: Login
    cleanup: list[Callable[[], object]]

    def apply(self, body: Body, *, by: ApiServer | None = None) -> None:
        """Apply an object of a built-in kind."""
        group = body["apiVersion"].rpartition("/")[0]
        kind = builtin(group, body["kind"])
        (by or self.cluster).apply(manifest(body, self.namespace if kind.namespaced else ""), kind)
        if not kind.namespaced:
            version = body["apiVersion"].rpartition("/")[2]
            path = f"{kind.collection(version)}/{body['metadata']['name']}"
            self.cleanup.append(lambda: self.transport.request("DELETE", path))

    def apply_map(self, name: str, *, by: ApiServer | None = None, **data: str) -> None:
        """Apply a ConfigMap."""
        (by or self.cluster).apply(config_map(self.namespace, name, **data), builtin("", "ConfigMap"))

    def apply_widget(self, **fields: Any) -> None:
        """Apply a custom resource."""
        body = {"apiVersion": f"{self.custom_kind.group}/v1", "kind": "Widget", "metadata": {"name": "w"}} | fields
        self.cluster.apply(manifest(body, self.namespace), self.custom_kind)


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


def unknown_field(bench: Bench) -> None:
    bench.apply(thing("v1", "ConfigMap", "typo", dat={"a": "1"}))


def duplicate_merge_key(bench: Bench) -> None:
    twice = [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]
    bench.apply(deployment("a", CONTAINER | {"env": twice}))


def immutable_field(bench: Bench) -> None:
    bench.apply(deployment("a", CONTAINER))
    bench.apply(deployment("b", CONTAINER))


def bad_name(bench: Bench) -> None:
    bench.apply_map("Bad_Name")


def custom_resource_with_an_unknown_field(bench: Bench) -> None:
    bench.apply_widget(spec={"sise": 1})


def the_message_does_not_repeat_a_secret_value(bench: Bench) -> None:
    bench.apply(thing("v1", "Secret", "s", stringData={"pin": 424242, "other": ["hunter2"]}))


def too_large_for_etcd(bench: Bench) -> None:
    bench.apply_widget(free={"x": "y" * 1_700_000})


def too_large_for_a_message_to_etcd(bench: Bench) -> None:
    bench.apply_widget(free={"x": "y" * 2_500_000})


def too_large_for_a_request(bench: Bench) -> None:
    bench.apply_widget(free={"x": "y" * 3_500_000})


def created_by_somebody_at_the_same_moment(bench: Bench) -> None:
    path = f"/api/v1/namespaces/{bench.namespace}/configmaps"
    for _ in range(2):
        bench.transport.request("POST", path, body=orjson.dumps({"metadata": {"name": "c"}}), headers=JSON)


def another_manager_owns_the_field(bench: Bench) -> None:
    path = f"/api/v1/namespaces/{bench.namespace}/configmaps/c?fieldManager=someone"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    bench.transport.request("PATCH", path, body=config_map(bench.namespace, "c", a="1").payload, headers=headers)
    bench.apply_map("c", a="2")


def group_unknown(bench: Bench) -> None:
    body = thing("none.example.com/v1", "Widget", "w")
    bench.cluster.apply(
        manifest(body, bench.namespace), Kind("none.example.com", "Widget", "widgets", namespaced=True, versions=("v1",))
    )


def kind_unknown(bench: Bench) -> None:
    kind = Kind("apps", "Widget", "widgets", namespaced=True, versions=("v1",))
    bench.cluster.apply(manifest(thing("apps/v1", "Widget", "w"), bench.namespace), kind)


def api_service_without_a_backend(bench: Bench) -> None:
    group = f"dead.{bench.namespace}.example.com"
    service = {"name": "nobody", "namespace": bench.namespace}
    spec = {"group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100, "service": service}
    spec["insecureSkipTLSVerify"] = True
    bench.apply(thing("apiregistration.k8s.io/v1", "APIService", f"v1.{group}", spec=spec))
    kind = Kind(group, "Widget", "widgets", namespaced=True, versions=("v1",))
    body = manifest(thing(f"{group}/v1", "Widget", "w"), bench.namespace)
    while bench.transport.request("GET", f"/apis/apiregistration.k8s.io/v1/apiservices/v1.{group}")[1].get(
        "status", {}
    ).get("conditions") is None:
        pass
    bench.cluster.apply(body, kind)


def namespace_missing(bench: Bench) -> None:
    bench.cluster.apply(config_map("nowhere", "c"), builtin("", "ConfigMap"))


def namespace_terminating(bench: Bench) -> None:
    held = thing("v1", "ConfigMap", "held")
    held["metadata"]["finalizers"] = ["example.com/held"]
    bench.apply(held)
    path = f"/api/v1/namespaces/{bench.namespace}"
    release = orjson.dumps({"metadata": {"finalizers": None}})
    merge = {"Content-Type": "application/merge-patch+json"}
    bench.cleanup.append(
        lambda: bench.transport.request("PATCH", f"{path}/configmaps/held", body=release, headers=merge)
    )
    bench.transport.request("DELETE", path)
    bench.apply_map("late")


def role_of_a_role_binding(bench: Bench) -> None:
    user = binder(bench)
    until_bound(bench, user, binding("Role", "nobody"))


def cluster_role_of_a_cluster_role_binding(bench: Bench) -> None:
    user = binder(bench)
    until_bound(bench, user, binding("ClusterRole", "nobody", kind="ClusterRoleBinding"))


def binding_more_than_one_has(bench: Bench) -> None:
    user = binder(bench)
    until_bound(bench, user, binding("ClusterRole", "view"))


def until_bound(bench: Bench, user: ApiServer, body: Body) -> None:
    """The authorizer learns of a new binding through a watch: it first denies the request itself."""
    for _ in range(2000):
        try:
            bench.apply(body, by=user)
        except ClusterFault as error:
            if "cannot patch" in str(error):
                continue
            raise
    raise AssertionError("the user never got the rights that it was given")


def service_account_of_a_pod(bench: Bench) -> None:
    bench.apply(pod(serviceAccountName="nobody"))


def quota_exceeded(bench: Bench) -> None:
    bench.apply(thing("v1", "ResourceQuota", "q", spec={"hard": {"secrets": "0"}}))
    until_refused(lambda: bench.apply(thing("v1", "Secret", "s")))


def rbac(bench: Bench) -> None:
    bench.apply_map("c", by=bench.login("low"))


def rbac_before_the_kind_is_even_looked_up(bench: Bench) -> None:
    kind = Kind("none.example.com", "Widget", "widgets", namespaced=True, versions=("v1",))
    bench.login("low").apply(manifest(thing("none.example.com/v1", "Widget", "w"), bench.namespace), kind)


def priority_class_of_a_pod(bench: Bench) -> None:
    bench.apply(pod(priorityClassName="nobody", serviceAccountName="default"))


def webhook_refuses_connections(bench: Bench) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]}
    hook = {
        "name": "dead.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1/validate"},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": bench.namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    api = "admissionregistration.k8s.io/v1"
    bench.apply(thing(api, "ValidatingWebhookConfiguration", bench.namespace, webhooks=[hook]))
    until_refused(lambda: bench.apply_secret())


def flow_control_turns_us_away(bench: Bench) -> None:
    user = bench.login("low")
    api, name = "flowcontrol.apiserver.k8s.io/v1", bench.namespace
    jail = {"type": "Limited", "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"type": "Reject"}}}
    bench.apply(thing(api, "PriorityLevelConfiguration", name, spec=jail))
    who = {"kind": "ServiceAccount", "serviceAccount": {"name": "low", "namespace": name}}
    what = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
    rules = [{"subjects": [who], "resourceRules": [what]}]
    spec = {"priorityLevelConfiguration": {"name": name}, "matchingPrecedence": 1, "rules": rules}
    bench.apply(thing(api, "FlowSchema", name, spec=spec))
    until_not_forbidden(lambda: bench.apply_map("c", by=user))
