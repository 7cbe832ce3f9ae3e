"""A LimitRange fills in requests and limits, and refuses what is out of bounds, at the creation of a pod or claim
only (plugin/pkg/admission/limitranger of Kubernetes): pods that come earlier run without for as long as they live,
and a quota on requests refuses those that have none.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig_list, dig_maps
from rebuild.model.refs import Ref

_OF_PODS = frozenset({"Container", "Pod"})
_OF_CLAIMS = "PersistentVolumeClaim"


def edges_from(index: Index) -> Iterator[Edge]:
    """Workload, claim -> the LimitRanges of its namespace that speak of pods or claims: EXISTS, soft."""
    ranges: dict[str, list[tuple[Manifest, set[str]]]] = {}
    for item in index.of_kind("", "LimitRange"):
        types = {text(limit, "type") for limit in dig_maps(item.body, "spec", "limits")}
        ranges.setdefault(item.ref.namespace, []).append((item, types))
    for workload in index.workloads:
        for item, types in ranges.get(workload.ref.namespace, ()):
            if types & _OF_PODS:
                yield _edge(workload.ref, item.ref, "sets limits for its pods")
    for claimant in _claimants(index):
        for item, types in ranges.get(claimant.namespace, ()):
            if _OF_CLAIMS in types:
                yield _edge(claimant, item.ref, "sets limits for claims")


def _claimants(index: Index) -> Iterator[Ref]:
    yield from (item.ref for item in index.of_kind("", "PersistentVolumeClaim"))
    for item in index.of_kind("apps", "StatefulSet"):
        if dig_list(item.body, "spec", "volumeClaimTemplates"):
            yield item.ref


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "limits")
