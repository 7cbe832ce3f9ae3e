"""CustomResourceDefinition: are its names its own, and does the API server serve it?

Source: kstatus, `core.go`, and apiextensions-apiserver/pkg/controller/{status,establish}. Deviation:
Established=False is not final for any reason (a missing approval annotation can be added);
NamesAccepted=False is, since another definition owns the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Health, Status


def custom_resource_definition(body: Body) -> Status:
    """Current when both NamesAccepted and Established; Failed when another definition has its names."""
    if refused := conditions.find_false(body, "NamesAccepted"):
        return Status(Health.FAILED, f"the names are not accepted: {refused.explanation or 'no reason given'}")
    if not conditions.find_true(body, "NamesAccepted"):
        return in_progress("the names are not accepted yet")
    if not conditions.find_true(body, "Established"):
        return in_progress("not established yet", conditions.explanation(body, "Established"))
    return current("established")


RULES: Final[Mapping[GroupKind, Rule]] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition
}
