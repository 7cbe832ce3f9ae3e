"""PodDisruptionBudget: has the disruption controller computed what may be evicted?

Source: kstatus, `core.go`. How many disruptions are allowed is no matter of health: a budget that allows
none does its work. HorizontalPodAutoscaler and ResourceQuota have no rule, as in kstatus: without metrics
an autoscaler never becomes active, and that harms nothing that was declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import fields, generic
from rebuild.health.verdicts import GroupKind, Rule, current
from rebuild.model.objects import Body
from rebuild.model.states import Status


def pod_disruption_budget(body: Body) -> Status:
    """Current as soon as the controller has seen it."""
    allowed = fields.count(body, "status", "disruptionsAllowed")
    return generic.unseen(body) or current(f"disruptions allowed: {allowed}")


RULES: Final[Mapping[GroupKind, Rule]] = {("policy", "PodDisruptionBudget"): pod_disruption_budget}
