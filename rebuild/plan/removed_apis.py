"""Versions of built-in kinds that Kubernetes has removed, and what took their place.

From https://kubernetes.io/docs/reference/using-api/deprecation-guide/. A version that is not named here is either
served, or was never one of Kubernetes' own.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from rebuild.model.refs import Ref

_NETWORKING, _RBAC, _STORAGE = "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io"
_FLOW, _ADMISSION = "flowcontrol.apiserver.k8s.io", "admissionregistration.k8s.io"
_ROWS = (
    (16, "extensions/v1beta1", "DaemonSet Deployment ReplicaSet", "apps/v1"),
    (16, "extensions/v1beta1", "NetworkPolicy", f"{_NETWORKING}/v1"),
    (16, "extensions/v1beta1", "PodSecurityPolicy", ""),
    (16, "apps/v1beta1", "Deployment StatefulSet ReplicaSet", "apps/v1"),
    (16, "apps/v1beta2", "DaemonSet Deployment StatefulSet ReplicaSet", "apps/v1"),
    (22, f"{_ADMISSION}/v1beta1", "MutatingWebhookConfiguration ValidatingWebhookConfiguration", f"{_ADMISSION}/v1"),
    (22, "apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    (22, "apiregistration.k8s.io/v1beta1", "APIService", "apiregistration.k8s.io/v1"),
    (22, "certificates.k8s.io/v1beta1", "CertificateSigningRequest", "certificates.k8s.io/v1"),
    (22, "coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1"),
    (22, "extensions/v1beta1", "Ingress", f"{_NETWORKING}/v1"),
    (22, f"{_NETWORKING}/v1beta1", "Ingress IngressClass", f"{_NETWORKING}/v1"),
    (22, f"{_RBAC}/v1beta1", "ClusterRole ClusterRoleBinding Role RoleBinding", f"{_RBAC}/v1"),
    (22, "scheduling.k8s.io/v1beta1", "PriorityClass", "scheduling.k8s.io/v1"),
    (22, f"{_STORAGE}/v1beta1", "CSIDriver CSINode StorageClass VolumeAttachment", f"{_STORAGE}/v1"),
    (25, "autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2"),
    (25, "batch/v1beta1", "CronJob", "batch/v1"),
    (25, "discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1"),
    (25, "events.k8s.io/v1beta1", "Event", "events.k8s.io/v1"),
    (25, "node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1"),
    (25, "policy/v1beta1", "PodDisruptionBudget", "policy/v1"),
    (25, "policy/v1beta1", "PodSecurityPolicy", ""),
    (26, "autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2"),
    (26, f"{_FLOW}/v1beta1", "FlowSchema PriorityLevelConfiguration", f"{_FLOW}/v1"),
    (27, f"{_STORAGE}/v1beta1", "CSIStorageCapacity", f"{_STORAGE}/v1"),
    (29, f"{_FLOW}/v1beta2", "FlowSchema PriorityLevelConfiguration", f"{_FLOW}/v1"),
    (32, f"{_FLOW}/v1beta3", "FlowSchema PriorityLevelConfiguration", f"{_FLOW}/v1"),
)


class Removal(Struct, frozen=True):
    """`minor` is the first release of Kubernetes 1 without the version; the kind is gone where nothing replaces it."""

    minor: int
    replacement: str

    @property
    def told(self) -> str:
        """What became of the version, as the rest of a sentence."""
        return f"is removed in Kubernetes 1.{self.minor}"


def _table() -> Iterator[tuple[tuple[str, str], Removal]]:
    for minor, version, kinds, replacement in _ROWS:
        for kind in kinds.split():
            yield (version, kind), Removal(minor, replacement)


_REMOVALS = dict(_table())


def removal_of(ref: Ref) -> Removal | None:
    """When the version that a ref is written in was removed, or None for all others."""
    return _REMOVALS.get((ref.api_version, ref.kind))
