"""Pod: does it serve, or has it done its work? If neither, the message says what stands in the way.

Source: kstatus, `core.go`; kubernetes/pkg/kubelet/container and images for the reasons of waiting containers.
Deviations: a crash loop or an unschedulable pod is not final, since the image, the node or the Secret that
it lacks may still come; a failed pod is not Current, since nothing of what it declares runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from rebuild.health import conditions, fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body, dig_maps
from rebuild.model.states import Status

ORDINARY_WAITS: Final = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a waiting container that every pod passes through."""


def pod(body: Body) -> Status:
    """Current when it runs and is Ready, or when it succeeded."""
    phase = fields.text(body, "status", "phase")
    if phase == "Succeeded":
        return current("the pod has succeeded")
    if phase == "Running" and conditions.find_true(body, "Ready"):
        return current("the pod is ready")
    if phase == "Failed":
        return in_progress("the pod has failed", _end(body) or _obstacle(body))
    if phase == "Running":
        return in_progress("the pod runs and is not ready", _obstacle(body))
    return in_progress(f"the pod is {phase}" if phase else "the pod has no phase yet", _obstacle(body))


def _end(body: Body) -> str:
    """Why the whole pod was ended, as an eviction says it."""
    return fields.text(body, "status", "message").rstrip(".") or fields.text(body, "status", "reason")


def _obstacle(body: Body) -> str:
    if unscheduled := conditions.find_false(body, "PodScheduled"):
        return unscheduled.explanation
    containers = list(
        chain(
            dig_maps(body, "status", "initContainerStatuses"),
            dig_maps(body, "status", "containerStatuses"),
        )
    )
    troubles = [*_held(containers), *_ended(containers)]
    return "; ".join(troubles) or conditions.explanation(body, "Ready")


def _held(containers: list[Body]) -> Iterator[str]:
    for container in containers:
        reason = fields.text(container, "state", "waiting", "reason")
        if reason not in ORDINARY_WAITS:
            restarts = fields.count(container, "restartCount")
            times = f" (restarts: {restarts})" if restarts else ""
            yield f"container {fields.text(container, 'name')} is in {reason}{times}"


def _ended(containers: list[Body]) -> Iterator[str]:
    for container in containers:
        if code := fields.count(container, "state", "terminated", "exitCode"):
            yield f"container {fields.text(container, 'name')} ended with exit code {code}"


RULES: Final[Mapping[GroupKind, Rule]] = {("", "Pod"): pod}
