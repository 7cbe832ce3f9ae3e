"""A plan: what will be done to which object, in which order, on which cluster. Nothing is written before it stands."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from rebuild.graph.estimates import PRIORS, Estimates
from rebuild.health.compute import BUILT_IN, Rulebook
from rebuild.model.discreet import Discreet
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding, Limit
from rebuild.model.images import NeededImage
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref
from rebuild.verify.ignoring import NOTHING, Ignoring


class Action(StrEnum):
    """What a step does to its object."""

    CREATE = "create"
    CONFIGURE = "configure"
    KEEP = "keep"
    """The live object already is as declared: nothing is sent."""
    HOLD_BACK = "hold-back"
    """The target cannot take it at its fidelity: nothing is sent, and the reason is a limit."""
    FAIL = "fail"
    """It cannot be sent at all (its kind is not served, or the server is sure to refuse it); the rest goes on."""


class Step(Struct, frozen=True):
    """One object's part of the plan.

    `manifest` is what is sent, which may differ from what is declared by what the target's fidelity or a
    controller's ownership demands. `awaited` says whether the run waits for the object's health. `tail` is the
    expected time in seconds from sending it to the end of what hangs on it: the longest goes first.
    """

    manifest: Manifest
    action: Action
    awaited: bool = True
    tail: float = 0.0
    version: int = 0
    reason: str = ""
    uid: str = ""
    """Of the live object that is configured: no other one may be deleted for it."""

    @property
    def ref(self) -> Ref:
        """Whose step this is."""
        return self.manifest.ref


class Plan(Discreet, frozen=True):
    """Steps by ref with the edges between them; `expected` are objects that others make and we can watch."""

    unshown = frozenset({"kinds", "rulebook", "ignoring"})

    steps: dict[Ref, Step]
    edges: tuple[Edge, ...]
    expected: frozenset[Ref]
    kinds: Kinds
    findings: tuple[Finding, ...] = ()
    limits: tuple[Limit, ...] = ()
    rulebook: Rulebook = BUILT_IN
    """What decides on the health of its objects."""
    ignoring: Ignoring = NOTHING
    """By which rules verification ignores differences."""
    images: tuple[NeededImage, ...] = ()
    estimates: Estimates = PRIORS
    """How long its objects are expected to take."""

    def with_findings(self, findings: Iterable[Finding]) -> Plan:
        """The same plan with more findings, all of them in order of where they stand."""
        return replace(self, findings=tuple(sorted((*self.findings, *findings), key=lambda each: each.place)))

    def count(self, action: Action) -> int:
        """How many steps do this."""
        return sum(step.action is action for step in self.steps.values())
