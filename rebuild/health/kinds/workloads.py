"""Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet: are the declared pods there and fit?

Source: kstatus, `core.go`, and the conditions that the controllers in kubernetes/pkg/controller write.
Deviations:
- Every workload waits until its controller has seen it; then one scaled to zero is Current at once.
- ProgressDeadlineExceeded is not final: the controller goes on, and takes it back when the pods come.
- A paused Deployment is Current: it declares that no rollout happens, and a new one makes no pods at all.
- OnDelete holds back the *update* of pods, not their creation: kstatus calls such a StatefulSet Current
  without a look at its pods, and never asks a DaemonSet for its strategy. Here both need pods, old or new.
- A ReplicationController, which kstatus does not know, has a ReplicaSet's status and follows its rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions, fields, generic
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status

NO_DEADLINE: Final = 2**31 - 1
"""The `progressDeadlineSeconds` under which the controller writes no Progressing condition."""


def deployment(body: Body) -> Status:
    """Current when every replica is of the new revision and available, none of an old one is left, and the
    controller itself says that the rollout ended."""
    if status := generic.unseen(body):
        return status
    wanted = _wanted(body)
    existing = fields.count(body, "status", "replicas")
    updated = fields.count(body, "status", "updatedReplicas")
    available = fields.count(body, "status", "availableReplicas")
    ready = fields.count(body, "status", "readyReplicas")
    if fields.flag(body, "spec", "paused"):
        return current(f"the rollout is paused; {available} of {wanted} replicas are available")
    because = _obstacle(body)
    if existing < wanted:
        return in_progress(f"{existing} of {wanted} replicas exist", because)
    if updated < wanted:
        return in_progress(f"{updated} of {wanted} replicas are updated", because)
    if existing > wanted:
        return in_progress(f"surplus replicas still to go: {existing - wanted}", because)
    if available < updated:
        return in_progress(f"{available} of {wanted} replicas are available", because)
    if ready < wanted:
        return in_progress(f"{ready} of {wanted} replicas are ready", because)
    if not _rollout_ended(body):
        return in_progress("the rollout has not ended", because)
    if not conditions.find_true(body, "Available"):
        return in_progress("not available", conditions.explanation(body, "Available"))
    return current(f"{available} of {wanted} replicas are available")


def replica_set(body: Body) -> Status:
    """Current when exactly the wanted replicas exist, carry the template's labels and are available."""
    if status := generic.unseen(body):
        return status
    wanted = _wanted(body)
    existing = fields.count(body, "status", "replicas")
    labelled = fields.count(body, "status", "fullyLabeledReplicas")
    available = fields.count(body, "status", "availableReplicas")
    ready = fields.count(body, "status", "readyReplicas")
    if failure := conditions.find_true(body, "ReplicaFailure"):
        return in_progress(f"{existing} of {wanted} replicas exist", failure.explanation)
    if labelled < wanted:
        return in_progress(f"{labelled} of {wanted} replicas exist with the template's labels")
    if available < wanted:
        return in_progress(f"{available} of {wanted} replicas are available")
    if ready < wanted:
        return in_progress(f"{ready} of {wanted} replicas are ready")
    if existing > wanted:
        return in_progress(f"surplus replicas still to go: {existing - wanted}")
    return current(f"{available} of {wanted} replicas are available")


def stateful_set(body: Body) -> Status:
    """Current when every replica is ready and those at or above the partition are of the new revision."""
    if status := generic.unseen(body):
        return status
    wanted = _wanted(body)
    existing = fields.count(body, "status", "replicas")
    ready = fields.count(body, "status", "readyReplicas")
    if existing < wanted:
        return in_progress(f"{existing} of {wanted} replicas exist")
    if ready < wanted:
        return in_progress(f"{ready} of {wanted} replicas are ready")
    if existing > wanted:
        return in_progress(f"surplus replicas still to go: {existing - wanted}")
    if _updates_on_delete(body):
        return current(f"{ready} of {wanted} replicas are ready; updates wait for a deletion")
    partition = fields.count(body, "spec", "updateStrategy", "rollingUpdate", "partition")
    to_update = max(wanted - partition, 0)
    updated = fields.count(body, "status", "updatedReplicas")
    if updated < to_update:
        return in_progress(f"{updated} of {to_update} replicas are updated")
    return current(f"{ready} of {wanted} replicas are ready")


def daemon_set(body: Body) -> Status:
    """Current when every node that should run a pod has an updated, available one; no such node is fine."""
    if status := generic.unseen(body):
        return status
    wanted = fields.integer(body, "status", "desiredNumberScheduled")
    if wanted is None:
        return in_progress("the controller has not counted the nodes yet")
    scheduled = fields.count(body, "status", "currentNumberScheduled")
    updated = fields.count(body, "status", "updatedNumberScheduled")
    available = fields.count(body, "status", "numberAvailable")
    ready = fields.count(body, "status", "numberReady")
    if scheduled < wanted:
        return in_progress(f"{scheduled} of {wanted} nodes have a pod")
    if updated < wanted and not _updates_on_delete(body):
        return in_progress(f"{updated} of {wanted} pods are updated")
    if available < wanted:
        return in_progress(f"{available} of {wanted} pods are available")
    if ready < wanted:
        return in_progress(f"{ready} of {wanted} pods are ready")
    return current(f"{available} of {wanted} pods are available" if wanted else "no node should run a pod")


def _wanted(body: Body) -> int:
    # The API server fills in 1; an object read from elsewhere may lack it.
    return fields.count(body, "spec", "replicas", default=1)


def _updates_on_delete(body: Body) -> bool:
    return fields.text(body, "spec", "updateStrategy", "type") == "OnDelete"


def _rollout_ended(body: Body) -> bool:
    if fields.count(body, "spec", "progressDeadlineSeconds", default=NO_DEADLINE) == NO_DEADLINE:
        return True
    progressing = conditions.find_true(body, "Progressing")
    return progressing is not None and progressing.reason == "NewReplicaSetAvailable"


def _obstacle(body: Body) -> str:
    """What keeps a Deployment: pods that cannot be created explain more than the deadline that they miss."""
    condition = conditions.find_true(body, "ReplicaFailure") or conditions.find_false(body, "Progressing")
    return condition.explanation if condition else ""


RULES: Final[Mapping[GroupKind, Rule]] = {
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("", "ReplicationController"): replica_set,
}
