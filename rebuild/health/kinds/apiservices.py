"""APIService: does the API that it announces answer? kstatus has no rule; the aggregator's condition says so.

Source: kube-aggregator/pkg/controllers/status. An unavailable one breaks full discovery and every namespace
deletion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status


def api_service(body: Body) -> Status:
    """Current when Available."""
    if conditions.find_true(body, "Available"):
        return current("available")
    return in_progress("not available", conditions.explanation(body, "Available"))


RULES: Final[Mapping[GroupKind, Rule]] = {("apiregistration.k8s.io", "APIService"): api_service}
