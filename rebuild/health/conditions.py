"""Reads `status.conditions`, the list in which controllers say what they think of an object.

Knows the form of a condition (Kubernetes API conventions, KEP-1623) and nothing of what any type means.
"""

from __future__ import annotations

from msgspec import Struct

from rebuild.health import fields
from rebuild.model.objects import Body, dig_maps


class Condition(Struct, frozen=True):
    """One condition. `observed_generation` is the generation that it judges, None where that is not said."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    observed_generation: int | None = None

    @property
    def is_true(self) -> bool:
        """The statement that the type names holds."""
        return self.status == "True"

    @property
    def is_false(self) -> bool:
        """The statement does not hold; `Unknown` is neither true nor false."""
        return self.status == "False"

    @property
    def explanation(self) -> str:
        """Why, in the controller's words: its message, else its reason, else nothing."""
        return self.message.rstrip(".") or self.reason


def find(body: Body, type_: str) -> Condition | None:
    """The condition of a type, or None. Types are unique by convention; the first one wins."""
    for item in dig_maps(body, "status", "conditions"):
        if item.get("type") == type_:
            return Condition(
                type=type_,
                status=fields.text(item, "status"),
                reason=fields.text(item, "reason"),
                message=fields.text(item, "message"),
                observed_generation=fields.integer(item, "observedGeneration"),
            )
    return None


def find_true(body: Body, type_: str) -> Condition | None:
    """The condition of a type, if it is there and true."""
    condition = find(body, type_)
    return condition if condition and condition.is_true else None


def find_false(body: Body, type_: str) -> Condition | None:
    """The condition of a type, if it is there and false."""
    condition = find(body, type_)
    return condition if condition and condition.is_false else None


def explanation(body: Body, type_: str) -> str:
    """Why the condition of a type is as it is, or nothing where there is no such condition."""
    condition = find(body, type_)
    return condition.explanation if condition else ""
