"""Argo CD starts a phase when all objects of the phase before it are healthy (see `graph.argo`).

Hooks of other phases are no part of an installation (`graph.hints` leaves them out). Their delete policies are not
followed: nothing is deleted, so that the verification can see what ran.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rebuild.graph import argo, fans
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength


def edges_from(index: Index) -> Iterator[Edge]:
    """Objects of a phase's first wave -> those of the last wave of the phase before it, READY, hard."""
    phases = [(phase, waves) for phase, waves in argo.waves_of(index).items() if waves]
    for (before, ended), (_, begun) in pairwise(phases):
        yield from fans.edges(
            dict.fromkeys(begun[min(begun)], f"its phase comes after {before}"),
            ended[max(ended)],
            gate=Gate.READY,
            strength=Strength.HARD,
            members=Strength.HARD,
            rule="argo_hooks",
        )
