"""The path of a custom resource answers 404 until its CustomResourceDefinition is Established.

Must not look at versions: a version that the definition does not serve is a problem of the manifest, not of
the order.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength


def edges_from(index: Index) -> Iterator[Edge]:
    """Custom resource -> the declared CustomResourceDefinition of its group and kind, SERVED, hard."""
    definitions = {(kind.group, kind.kind): crd for kind, crd in index.crds()}
    for item in index:
        crd = definitions.get(item.ref.group_kind)
        if crd:
            yield Edge(item.ref, crd, Gate.SERVED, Strength.HARD, "is of the kind that it defines", "crds")
