"""A ResourceQuota comes before what it counts, since it judges at creation only and never takes anything away:
written last, what is too much runs on beside it, and the environment that came back is not the declared one.

Being early costs nothing. Until the quota controller has counted, `status.hard` is empty and the quota limits
nothing (pkg/quota/v1/generic of k8s.io/apiserver matches objects against the status); and where an API server
demands a quota for a priority (`limitedResources` in its admission configuration, as GKE does for the two
`system-` classes), pods of it are refused until a quota of that scope is there. What the sum of all requests
makes of a quota is for the findings, not for the order.

A quota whose scopes are for other pods is no reason to wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from rebuild.graph import scopes
from rebuild.graph.index import Index
from rebuild.model import kinds
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig
from rebuild.model.refs import Ref

_COUNTED = {
    "configmaps": ("", "ConfigMap"),
    "persistentvolumeclaims": ("", "PersistentVolumeClaim"),
    "replicationcontrollers": ("", "ReplicationController"),
    "requests.storage": ("", "PersistentVolumeClaim"),
    "secrets": ("", "Secret"),
    "services": ("", "Service"),
    "services.loadbalancers": ("", "Service"),
    "services.nodeports": ("", "Service"),
}
"""The resources of a quota that count objects; `count/<plural>.<group>` does so for every kind."""
_OF_CLASS = ".storageclass.storage.k8s.io/"
_COMPUTE = ("cpu", "memory", "ephemeral-storage", "pods", "count/pods")


def edges_from(index: Index) -> Iterator[Edge]:
    """Workload, or object of a kind that is counted -> the ResourceQuota that counts it: EXISTS, soft."""
    by_resource = _kinds_by_resource(index)
    quotas: dict[str, list[Manifest]] = defaultdict(list)
    counting: dict[tuple[str, str, str], list[Manifest]] = defaultdict(list)
    for item in index.of_kind("", "ResourceQuota"):
        hard = _resources_of(item)
        if any(map(_is_of_pods, hard)):
            quotas[item.ref.namespace].append(item)
        for group, kind in sorted({found for name in hard if (found := _counted_by(name, by_resource))}):
            counting[item.ref.namespace, group, kind].append(item)
    defaulted = {item.ref.namespace for item in index.of_kind("", "LimitRange")}
    for workload in index.workloads:
        namespace = workload.ref.namespace
        for item in quotas.get(namespace, ()):
            if scopes.hold(item.body, workload, defaulted=namespace in defaulted):
                yield _edge(workload.ref, item.ref, "counts what its pods use")
    for (namespace, group, kind), items in counting.items():
        for counted in index.of_kind_in(namespace, group, kind):
            for item in items:
                yield _edge(counted.ref, item.ref, "counts it")


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "quotas")


def _resources_of(quota: Manifest) -> list[str]:
    hard = dig(quota.body, "spec", "hard")
    return [name for name in hard if isinstance(name, str)] if isinstance(hard, dict) else []


def _kinds_by_resource(index: Index) -> Mapping[str, tuple[str, str]]:
    known = (*kinds.builtin(), *(kind for kind, _ in index.crds()))
    names = {(f"{kind.plural}.{kind.group}" if kind.group else kind.plural): (kind.group, kind.kind) for kind in known}
    return {f"count/{name}": group_kind for name, group_kind in names.items()} | _COUNTED


def _counted_by(name: str, by_resource: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    return ("", "PersistentVolumeClaim") if _OF_CLASS in name else by_resource.get(name)


def _is_of_pods(name: str) -> bool:
    if name == "requests.storage" or _OF_CLASS in name:
        return False
    return name in _COMPUTE or name.startswith(("requests.", "limits.", "hugepages-"))
