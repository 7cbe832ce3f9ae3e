"""What belongs to a Service by name. The names of a StatefulSet's pods resolve only once its Service exists, and
resolvers keep a "no such name" for a while; endpoints that somebody wrote by hand serve nobody without theirs, and
leftover Endpoints are deleted when the endpoints controller starts.

Kubernetes accepts all of it while it dangles, so every edge is soft and leads to a declared Service. A Service
itself waits for nothing: its addresses come from an allocator.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest

_SERVICE_OF_SLICE = "kubernetes.io/service-name"


def edges_from(index: Index) -> Iterator[Edge]:
    """StatefulSet, EndpointSlice, Endpoints -> their Service: EXISTS, soft."""
    for item in index.of_kind("apps", "StatefulSet"):
        yield from _to_service(index, item, text(item.body, "spec", "serviceName"), "governs its pods' names")
    for item in index.of_kind("discovery.k8s.io", "EndpointSlice"):
        name = text(item.body, "metadata", "labels", _SERVICE_OF_SLICE)
        yield from _to_service(index, item, name, "these are its endpoints")
    for item in index.of_kind("", "Endpoints"):
        yield from _to_service(index, item, item.ref.name, "these are its endpoints")


def _to_service(index: Index, item: Manifest, name: str, why: str) -> Iterator[Edge]:
    service = index.find("", "Service", item.ref.namespace, name)
    if service:
        yield Edge(item.ref, service, Gate.EXISTS, Strength.SOFT, why, "services")
