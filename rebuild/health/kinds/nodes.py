"""Node: may Pods run there? Declared where machines are made from Git. kstatus has no rule of its own for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status


def node(body: Body) -> Status:
    """Current when Ready."""
    if conditions.find_true(body, "Ready"):
        return current("the node is ready")
    return in_progress("the node is not ready", conditions.explanation(body, "Ready"))


RULES: Final[Mapping[GroupKind, Rule]] = {("", "Node"): node}
