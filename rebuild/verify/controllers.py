"""The fields that a known controller owns, whatever a manifest declares for them: one row per rule.

Verification reports a deviation in such a field apart, and a re-apply leaves the field out, so that we
neither call it drift nor fight its owner. A row must name the controller; a field that is merely changed
often has no place here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from rebuild.model.objects import Body, Manifest, dig
from rebuild.model.refs import Ref
from rebuild.verify import compare, managers, paths
from rebuild.verify.ignoring import NOTHING, Ignoring
from rebuild.verify.schema import Schemas


class Setting(Struct, frozen=True):
    """What the rules look at besides the object itself.

    `manager` is the field manager that we apply with; `scaled` are the objects that an autoscaler targets; `ignoring`
    are the rules by which differences are ignored.
    """

    schemas: Schemas
    manager: str
    scaled: frozenset[Ref] = frozenset()
    ignoring: Ignoring = NOTHING


class Case(Struct, frozen=True):
    """One field of one declared object and its live counterpart, for a rule to judge."""

    manifest: Manifest
    live: Body
    path: paths.Path
    setting: Setting

    @property
    def declared(self) -> Any:
        """The declared value of the field, None where there is none."""
        return paths.lookup(self.manifest.body, self.path)

    @property
    def is_ours(self) -> bool:
        """Whether we are among the live owners of the field."""
        return managers.Owner(self.setting.manager) in managers.owners_of(self.live, self.path)

    @property
    def is_foreign(self) -> bool:
        """Whether the field has owners and we are not among them."""
        return bool(managers.owners_of(self.live, self.path)) and not self.is_ours


Pattern: TypeAlias = tuple[str, ...]
"""A path in which `*` stands for any element of a list."""


class Row(Struct, frozen=True):
    """In these kinds (none: in all) these fields belong to a controller, if `when` is absent or holds."""

    name: str
    reason: str
    kinds: Collection[tuple[str, str]]
    patterns: tuple[Pattern, ...]
    when: Callable[[Case], bool] | None = None

    def holds(self, case: Case) -> bool:
        """Whether the field of this object belongs to the controller."""
        return self.when is None or self.when(case)


def scaled_by(autoscalers: Iterable[Body]) -> frozenset[Ref]:
    """The objects that HorizontalPodAutoscalers, declared or live, scale."""
    return frozenset(ref for body in autoscalers if (ref := _scale_target(body)))


def _scale_target(body: Body) -> Ref | None:
    target = dig(body, "spec", "scaleTargetRef")
    kind, name, namespace = dig(target, "kind"), dig(target, "name"), dig(body, "metadata", "namespace")
    if not (kind and name and namespace):
        return None
    return Ref.of(dig(target, "apiVersion") or "v1", kind, namespace, name)


def controller_for(manifest: Manifest, live: Body, path: paths.Path, setting: Setting) -> str:
    """Why a controller owns the field at this path, or an empty string when none is known to."""
    for row in rows_for(manifest.ref):
        for pattern in row.patterns:
            field = path[: len(pattern)]
            if _fits(field, pattern) and row.holds(Case(manifest, live, field, setting)):
                return row.reason
    return ""


def _is_scaled(case: Case) -> bool:
    return case.manifest.ref in case.setting.scaled and not case.is_ours


def _is_aggregated(case: Case) -> bool:
    return any(dig(body, "aggregationRule") is not None for body in (case.manifest.body, case.live))


_INJECTORS = (
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
    "service.beta.openshift.io/inject-cabundle",
)


def _is_injected(case: Case) -> bool:
    annotations = dig(case.manifest.body, "metadata", "annotations")
    asked_for = any(dig(annotations, name) for name in _INJECTORS)
    return asked_for or _is_placeholder(case.declared) or case.is_foreign


def _is_placeholder(bundle: Any) -> bool:
    """Whether a CA bundle holds no certificate, as `Cg==` does, which stood in for an empty one for years."""
    try:
        text = base64.b64decode("".join(str(bundle or "").split()), validate=True)
    except binascii.Error:
        return True
    return b"-----BEGIN" not in text


def _is_left_open(case: Case) -> bool:
    """Whether the declaration leaves the value to the server by a zero value, as exported manifests do."""
    return case.declared in ("", 0, [], [""], None)


def _is_token(case: Case) -> bool:
    return bool(case.manifest.body.get("type") == "kubernetes.io/service-account-token")


def _only_adds_node_taints(case: Case) -> bool:
    declared, live = case.declared, paths.lookup(case.live, case.path)
    if not isinstance(declared, list) or not isinstance(live, list):
        return False
    ours, added = live[: len(declared)], live[len(declared) :]
    if not compare.is_same(declared, ours, case.manifest.ref, case.path, case.setting.schemas):
        return False
    return all(str(dig(each, "key")).startswith("node.kubernetes.io/") for each in added)


def _is_root_ca(case: Case) -> bool:
    return case.manifest.ref.name == "kube-root-ca.crt"


_ADMISSION = "admissionregistration.k8s.io"
_ANNOTATIONS = ("metadata", "annotations")
_WEBHOOK_CA = ("webhooks", "*", "clientConfig", "caBundle")
_VOLUMES = (("", "PersistentVolume"), ("", "PersistentVolumeClaim"))
_CA_REASON = "the CA bundle is injected by a certificate controller"

ROWS: tuple[Row, ...] = (
    Row(
        "scaled-replicas",
        "a HorizontalPodAutoscaler sets the replicas",
        (),
        (("spec", "replicas"),),
        _is_scaled,
    ),
    Row(
        "aggregated-rules",
        "the ClusterRole aggregation controller fills in the rules",
        (("rbac.authorization.k8s.io", "ClusterRole"),),
        (("rules",),),
        _is_aggregated,
    ),
    Row(
        "webhook-ca",
        _CA_REASON,
        ((_ADMISSION, "MutatingWebhookConfiguration"), (_ADMISSION, "ValidatingWebhookConfiguration")),
        (_WEBHOOK_CA,),
        _is_injected,
    ),
    Row(
        "apiservice-ca",
        _CA_REASON,
        (("apiregistration.k8s.io", "APIService"),),
        (("spec", "caBundle"),),
        _is_injected,
    ),
    Row(
        "conversion-ca",
        _CA_REASON,
        (("apiextensions.k8s.io", "CustomResourceDefinition"),),
        (("spec", "conversion", "webhook", "clientConfig", "caBundle"),),
        _is_injected,
    ),
    Row(
        "allocated-addresses",
        "the API server allocates addresses and ports of Services",
        (("", "Service"),),
        (
            ("spec", "clusterIP"),
            ("spec", "clusterIPs"),
            ("spec", "ipFamilies"),
            ("spec", "healthCheckNodePort"),
            ("spec", "ports", "*", "nodePort"),
        ),
        _is_left_open,
    ),
    Row(
        "bound-volume",
        "the volume binder chooses the volume",
        (("", "PersistentVolumeClaim"),),
        (("spec", "volumeName"),),
        _is_left_open,
    ),
    Row(
        "bound-claim",
        "the volume binder writes the identity of the bound claim",
        (("", "PersistentVolume"),),
        (("spec", "claimRef", "uid"), ("spec", "claimRef", "resourceVersion")),
    ),
    Row(
        "binding-annotations",
        "the volume binder keeps its notes in these annotations",
        _VOLUMES,
        (
            (*_ANNOTATIONS, "pv.kubernetes.io/bind-completed"),
            (*_ANNOTATIONS, "pv.kubernetes.io/bound-by-controller"),
            (*_ANNOTATIONS, "volume.kubernetes.io/selected-node"),
            (*_ANNOTATIONS, "volume.kubernetes.io/storage-provisioner"),
            (*_ANNOTATIONS, "volume.beta.kubernetes.io/storage-provisioner"),
        ),
    ),
    Row(
        "namespace-finalizers",
        "the API server keeps the finalizers of Namespaces",
        (("", "Namespace"),),
        (("spec", "finalizers"),),
    ),
    Row(
        "namespace-security",
        "OpenShift assigns the security ranges of Namespaces",
        (("", "Namespace"),),
        (
            (*_ANNOTATIONS, "openshift.io/sa.scc.mcs"),
            (*_ANNOTATIONS, "openshift.io/sa.scc.supplemental-groups"),
            (*_ANNOTATIONS, "openshift.io/sa.scc.uid-range"),
        ),
    ),
    Row(
        "rollout-counters",
        "the workload controller counts its rollouts",
        (("apps", "Deployment"), ("apps", "DaemonSet")),
        (
            (*_ANNOTATIONS, "deployment.kubernetes.io/revision"),
            (*_ANNOTATIONS, "deprecated.daemonset.template.generation"),
        ),
    ),
    Row(
        "issued-token",
        "the token controller issues the contents of service account tokens",
        (("", "Secret"),),
        (
            ("data", "token"),
            ("data", "ca.crt"),
            ("data", "namespace"),
        ),
        _is_token,
    ),
    Row(
        "root-ca",
        "the root CA publisher writes this ConfigMap into every namespace",
        (("", "ConfigMap"),),
        (("data", "ca.crt"),),
        _is_root_ca,
    ),
    Row(
        "scheduled-pod",
        "admission and the scheduler complete the Pod",
        (("", "Pod"),),
        (("spec", "nodeName"), ("spec", "serviceAccountName"), ("spec", "serviceAccount")),
        _is_left_open,
    ),
    Row(
        "node-taints",
        "the node controllers add taints for node conditions",
        (("", "Node"),),
        (("spec", "taints"),),
        _only_adds_node_taints,
    ),
    Row(
        "pod-tolerations",
        "admission adds tolerations for node conditions",
        (("", "Pod"),),
        (("spec", "tolerations"),),
        _only_adds_node_taints,
    ),
)


def rows_for(ref: Ref) -> Iterator[Row]:
    """The rows that speak about objects of this kind."""
    return (row for row in ROWS if not row.kinds or ref.group_kind in row.kinds)


def _fits(path: paths.Path, pattern: Pattern) -> bool:
    if len(path) != len(pattern):
        return False
    return all(
        name == step or (name == "*" and not isinstance(step, str)) for step, name in zip(path, pattern, strict=True)
    )
