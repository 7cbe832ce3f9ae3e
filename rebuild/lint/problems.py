"""What a rule is given and what it may say. Judges nothing itself."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from rebuild.lint.walk import Departure
from rebuild.model.discreet import Discreet
from rebuild.model.objects import Manifest
from rebuild.verify.schema import Schemas


class Refusal(StrEnum):
    """Whether an API server is sure to refuse the object."""

    UNSURE = "unsure"
    """It depends on what only the server knows, or it is accepted: the object is sent."""
    BY_RELEASE = "by-release"
    """Sure for the Kubernetes that our tables come from; another release may think otherwise."""
    CERTAIN = "certain"
    """Sure for every release that serves the kind."""


class Problem(Struct, frozen=True):
    """One thing that is wrong with an object. `message` does not repeat whose problem it is."""

    code: str
    message: str
    next_step: str
    refusal: Refusal = Refusal.CERTAIN


class Subject(Discreet, frozen=True):
    """One declared object, with what rules would otherwise work out again and again.

    `departures` is where the object leaves its type; `custom` says that the type is that of a declared
    CustomResourceDefinition, and `builtin` that Kubernetes itself serves the kind.
    """

    unshown = frozenset({"schemas"})

    manifest: Manifest
    schemas: Schemas
    departures: tuple[Departure, ...] = ()
    custom: bool = False
    builtin: bool = False

    @property
    def what(self) -> str:
        """The kind as people write it: `apps/v1 Deployment`."""
        return f"{self.manifest.ref.api_version} {self.manifest.ref.kind}"
