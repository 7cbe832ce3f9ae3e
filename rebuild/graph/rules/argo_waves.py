"""Argo CD applies the next sync wave when all objects of the wave before it are healthy (see `graph.argo`)."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph import argo, hints
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate


def edges_from(index: Index) -> Iterator[Edge]:
    """Objects of a wave -> those of the wave before it in their phase, READY, hard."""
    for waves in argo.waves_of(index).values():
        yield from hints.in_steps(waves, Gate.READY, "its sync wave comes after wave {before}", "argo_waves")
