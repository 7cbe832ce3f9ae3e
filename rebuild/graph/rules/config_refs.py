"""Pods wait, crash or are refused when what their template names is missing: the kubelet retries a missing
ConfigMap or Secret with a growing pause, and admission refuses a missing PriorityClass or RuntimeClass.

What is declared is a hard dependency. What is not is expected and soft: a controller may produce it (an
external secret, the root CA bundle of each namespace). `optional: true` means that the pod starts without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from rebuild.graph.fields import text
from rebuild.graph.index import Index, Workload
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.refs import Ref

_Named: TypeAlias = Iterator[tuple[str, str, str]]
"""Kind, name and the phrase that says how it is used; the name may be empty."""

_SECRET_REF_VOLUMES = ("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
"""In-tree volume plugins that keep the name of a Secret in `secretRef.name`."""

_GROUPS = {"PriorityClass": "scheduling.k8s.io", "RuntimeClass": "node.k8s.io"}
"""The groups of the cluster-scoped kinds that a pod names; everything else is core and of its namespace."""


def edges_from(index: Index) -> Iterator[Edge]:
    """Pod template -> what it names: EXISTS, hard where declared, else soft towards an expected object."""
    for workload in index.workloads:
        for kind, name, why in _named(workload, index):
            if not name:
                continue
            group = _GROUPS.get(kind, "")
            namespace = "" if group else workload.ref.namespace
            declared = index.find(group, kind, namespace, name)
            if declared:
                yield _edge(workload, declared, Strength.HARD, why)
            elif not _is_built_in(kind, name):
                yield _edge(workload, Ref(group, kind, namespace, name), Strength.SOFT, why)


def _edge(workload: Workload, dependency: Ref, strength: Strength, why: str) -> Edge:
    return Edge(workload.ref, dependency, Gate.EXISTS, strength, why, "config_refs")


def _is_built_in(kind: str, name: str) -> bool:
    # Names that start with "system-" are reserved for classes that the API server makes before it is ready.
    return kind == "PriorityClass" and name.startswith("system-")


def _named(workload: Workload, index: Index) -> _Named:
    pod = workload.pod
    yield "ServiceAccount", workload.named_service_account, "runs as this service account"
    yield "PriorityClass", text(pod, "priorityClassName"), "runs with this priority"
    yield "RuntimeClass", text(pod, "runtimeClassName"), "runs in this runtime"
    for secret in dig_maps(pod, "imagePullSecrets"):
        yield "Secret", text(secret, "name"), "pulls images with it"
    # The admission plugin copies the account's pull secrets into pods that name none.
    account = index.get(Ref("", "ServiceAccount", workload.ref.namespace, workload.service_account))
    if account and not dig(pod, "imagePullSecrets"):
        for secret in dig_maps(account.body, "imagePullSecrets"):
            yield "Secret", text(secret, "name"), "pulls images with it, by its service account"
    for container in workload.containers:
        yield from _in_environment(container)
    for volume in dig_maps(pod, "volumes"):
        yield from _in_volume(volume)


def _in_environment(container: Body) -> _Named:
    for variable in dig_maps(container, "env"):
        yield from _unless_optional("ConfigMap", dig(variable, "valueFrom", "configMapKeyRef"), "env")
        yield from _unless_optional("Secret", dig(variable, "valueFrom", "secretKeyRef"), "env")
    for source in dig_maps(container, "envFrom"):
        yield from _unless_optional("ConfigMap", dig(source, "configMapRef"), "envFrom")
        yield from _unless_optional("Secret", dig(source, "secretRef"), "envFrom")


def _in_volume(volume: Body) -> _Named:
    yield from _unless_optional("ConfigMap", dig(volume, "configMap"), "a volume")
    yield from _unless_optional("Secret", dig(volume, "secret"), "a volume", name="secretName")
    for source in dig_maps(volume, "projected", "sources"):
        yield from _unless_optional("ConfigMap", dig(source, "configMap"), "a projected volume")
        yield from _unless_optional("Secret", dig(source, "secret"), "a projected volume")
    yield "PersistentVolumeClaim", text(volume, "persistentVolumeClaim", "claimName"), "mounts this claim"
    yield "Secret", text(volume, "csi", "nodePublishSecretRef", "name"), "mounts a CSI volume with it"
    yield "Secret", text(volume, "azureFile", "secretName"), "mounts a volume with it"
    for plugin in _SECRET_REF_VOLUMES:
        yield "Secret", text(volume, plugin, "secretRef", "name"), "mounts a volume with it"


def _unless_optional(kind: str, source: object, place: str, *, name: str = "name") -> _Named:
    if dig(source, "optional") is not True:
        yield kind, text(source, name), f"uses it in {place}"
