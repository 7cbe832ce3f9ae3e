"""ServiceCIDR: may Services have addresses out of it? kstatus has no rule of its own for it.

Source: kubernetes/pkg/controller/servicecidrs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status


def service_cidr(body: Body) -> Status:
    """Current when Ready."""
    if conditions.find_true(body, "Ready"):
        return current("Services may have addresses out of it")
    return in_progress("Services have no addresses out of it yet", conditions.explanation(body, "Ready"))


RULES: Final[Mapping[GroupKind, Rule]] = {("networking.k8s.io", "ServiceCIDR"): service_cidr}
