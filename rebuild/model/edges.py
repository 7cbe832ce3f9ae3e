"""A dependency between two objects: who waits for whom, until which gate, why, and how strictly."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from rebuild.model.refs import Ref


class Gate(StrEnum):
    """What opens an edge."""

    EXISTS = "exists"
    """The API server accepted the dependency."""
    SERVED = "served"
    """The API that the dependency defines answers: a CRD is Established, an APIService Available."""
    READY = "ready"
    """The dependency's health is Current."""


class Strength(StrEnum):
    """What happens when the gate does not open."""

    HARD = "hard"
    """The dependent never leaves before the gate; if the dependency fails, the dependent is skipped."""
    SOFT = "soft"
    """Order only: released when the dependency failed or was skipped, or when a short hold has passed."""


class Edge(Struct, frozen=True, order=True):
    """`dependent` waits for `dependency`. `rule` is the module that says so, `why` a phrase for people."""

    dependent: Ref
    dependency: Ref
    gate: Gate
    strength: Strength
    why: str
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.dependent} waits until {self.dependency} {self.gate} ({self.strength}: {self.why})"
