"""Namespace: can objects be created in it? The phase says so; kstatus has no rule for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Health, Status


def namespace(body: Body) -> Status:
    """Current when Active; Terminating refuses every new object."""
    phase = fields.text(body, "status", "phase")
    if phase == "Active":
        return current("the namespace is active")
    if phase == "Terminating":
        return Status(Health.TERMINATING, "the namespace is being deleted")
    return in_progress("the namespace is not active")


RULES: Final[Mapping[GroupKind, Rule]] = {("", "Namespace"): namespace}
