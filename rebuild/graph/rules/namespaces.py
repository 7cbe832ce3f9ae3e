"""The API server refuses an object in a namespace that does not exist (404), so it waits for its Namespace.

Only for namespaces that are declared: an undeclared one is there from the start or never, and the API
server's answer says so sooner than any wait.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength


def edges_from(index: Index) -> Iterator[Edge]:
    """Namespaced object -> its Namespace, EXISTS, hard."""
    homes = {home.ref.name: home.ref for home in index.of_kind("", "Namespace")}
    for item in index:
        home = homes.get(item.ref.namespace)
        if home:
            yield Edge(item.ref, home, Gate.EXISTS, Strength.HARD, "lives in this namespace", "namespaces")
