"""FlowSchema: is there the priority level that it sends requests to? kstatus has no rule.

Source: kubernetes/staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go, which leaves a dangling one out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status


def flow_schema(body: Body) -> Status:
    """Current unless it is dangling."""
    if dangling := conditions.find_true(body, "Dangling"):
        return in_progress("its priority level is missing", dangling.explanation)
    return current("its priority level is not missing")


RULES: Final[Mapping[GroupKind, Rule]] = {("flowcontrol.apiserver.k8s.io", "FlowSchema"): flow_schema}
