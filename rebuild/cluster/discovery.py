"""Aggregated discovery to a kind table. Pure: two documents in, kinds out.

Source: KEP-3352, generally available since Kubernetes 1.30. A group whose APIService is dead is marked stale; the
rest is whole.
"""

from __future__ import annotations

from typing import Any

from rebuild.cluster.port import ClusterFault
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import dig, dig_list, dig_maps

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
PATHS = ("/api", "/apis")


def kinds(*documents: Any) -> Kinds:
    """Every kind that these APIGroupDiscoveryLists offer and that can be listed; the preferred version comes first.

    Raises:
        ClusterFault: when the server answered with something older than an APIGroupDiscoveryList.
    """
    found: dict[tuple[str, str], Kind] = {}
    for document in documents:
        if dig(document, "kind") != "APIGroupDiscoveryList":
            message = "the server has no aggregated discovery: Kubernetes 1.30 or later is needed"
            raise ClusterFault(Fault(Cause.INVALID, 0, message), what="discovery")
        for group in dig_maps(document, "items"):
            name = str(dig(group, "metadata", "name") or "")
            for version in dig_maps(group, "versions"):
                _add(found, name, version)
    return Kinds(found.values())


def _add(found: dict[tuple[str, str], Kind], group: str, version: dict[str, Any]) -> None:
    served = version.get("version")
    if version.get("freshness") == "Stale" or not isinstance(served, str):
        return
    for resource in dig_maps(version, "resources"):
        kind, plural = dig(resource, "responseKind", "kind"), resource.get("resource")
        if not isinstance(kind, str) or not isinstance(plural, str) or "list" not in dig_list(resource, "verbs"):
            continue
        known = found.get((group, kind))
        versions = (*known.versions, served) if known else (served,)
        found[group, kind] = Kind(group, kind, plural, resource.get("scope") == "Namespaced", versions)
