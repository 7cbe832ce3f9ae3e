"""Who stands behind a field manager: a person's tool, what deploys, a controller, or us.

Whoever writes chooses the name, so this tells who says to have written. Where no name is given, the API server takes
the User-Agent up to its first slash (`managerOrUserAgent` in k8s.io/apiserver), which is how browsers come in.
"""

from __future__ import annotations

import re

from rebuild.model.drift import Actor, Write
from rebuild.verify.managers import Entry

CORE = frozenset({
    "api-priority-and-fairness-config-consumer-v1",
    "api-priority-and-fairness-config-producer-v1",
    "cloud-controller-manager",
    "clusterrole-aggregation-controller",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubeadm",
    "kubelet",
    "kwok",
    "kwok-controller",
    "rebuild-lab-cloud",
})  # fmt: skip
"""The cluster itself: what keeps Kubernetes' own promises, and what made it. All of it comes with any cluster."""
_DEPLOYERS = frozenset({
    "argocd-application-controller",
    "argocd-controller",
    "argocd-server",
    "fluxctl",
    "helm",
    "helm-controller",
    "hashicorp",
    "kapp",
    "kapp-controller",
    "kustomize-controller",
    "openapi-generator",
    "pulumi-kubernetes",
    "skaffold",
    "terraform",
})  # fmt: skip
"""OpenAPI-Generator is the official Python client, behind which mostly Ansible stands."""
_PERSONS = frozenset({
    "before-first-apply",
    "curl",
    "dashboard",
    "dashboard-api",
    "freelens",
    "headlamp",
    "headlamp-server",
    "k9s",
    "kubectl",
    "kubernetes-dashboard",
    "lens",
    "mozilla",
    "node-fetch",
    "octant",
    "oc",
    "openlens",
    "postmanruntime",
    "seabird",
})  # fmt: skip
"""Lens calls itself node-fetch. `before-first-apply` is what was there before the first server-side apply."""
_PERSON = re.compile(r"(kubectl|oc|k9s|lens|headlamp)[-_ ].*")
_CONTROLLER = re.compile(r".*(controller|controller-manager|operator|provisioner|autoscaler|scheduler|manager)")


def of(manager: str, *, ours: str) -> Actor:
    """Who a manager is by its name, where `ours` is the name that we write under."""
    name = manager.lower()
    if manager == ours:
        return Actor.REBUILD
    if name in CORE:
        return Actor.CONTROLLER
    if name in _DEPLOYERS:
        return Actor.DEPLOYER
    if name in _PERSONS or _PERSON.fullmatch(name):
        return Actor.PERSON
    return Actor.CONTROLLER if _CONTROLLER.fullmatch(name) else Actor.UNKNOWN


def write(entry: Entry, *, ours: str) -> Write:
    """An entry of `managedFields` as it is told."""
    return Write(entry.manager, entry.operation, entry.subresource, entry.time, of(entry.manager, ours=ours))


def are_core(entries: tuple[Entry, ...]) -> bool:
    """Whether the cluster itself wrote this, and nobody else."""
    return bool(entries) and all(entry.manager.lower() in CORE for entry in entries)
