"""Argo CD's Application: did Argo CD bring up what it deploys?

Its definition declares conditions, and its controller writes them for errors alone: a healthy Application has none.
Source: argo-cd/pkg/apis/application/v1alpha1, `HealthStatus`. A Suspended one waits for somebody, as declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status


def application(body: Body) -> Status:
    """Current when Argo CD calls it Healthy or Suspended."""
    health = fields.text(body, "status", "health", "status")
    if health in {"Healthy", "Suspended"}:
        return current(f"Argo CD calls it {health}")
    because = fields.text(body, "status", "health", "message")
    return in_progress(f"Argo CD calls it {health}" if health else "Argo CD has not judged it yet", because)


RULES: Final[Mapping[GroupKind, Rule]] = {("argoproj.io", "Application"): application}
