"""An APIService whose backend does not answer breaks discovery and namespace deletion for the whole cluster,
so it comes after its backend; and what it serves cannot be written before it is Available.

An APIService without `spec.service` is served by the API server itself and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import dig
from rebuild.model.refs import Ref


def edges_from(index: Index) -> Iterator[Edge]:
    """APIService -> Service and workload behind it, READY, hard; object of its API -> it, SERVED, hard."""
    serving: dict[tuple[str, str], Ref] = {}
    for item in index.of_kind("apiregistration.k8s.io", "APIService"):
        service = dig(item.body, "spec", "service")
        if not isinstance(service, dict):
            continue
        serving[text(item.body, "spec", "group"), text(item.body, "spec", "version")] = item.ref
        for backend in index.behind_service(text(service, "namespace"), text(service, "name")):
            yield Edge(item.ref, backend, Gate.READY, Strength.HARD, "its API is answered there", "apiservices")
    for item in index:
        api = serving.get((item.ref.group, item.ref.version))
        if api:
            yield Edge(item.ref, api, Gate.SERVED, Strength.HARD, "is of the API that it serves", "apiservices")
