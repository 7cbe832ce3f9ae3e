"""What one live object is, computed from that object alone: the door of this room.

Built on kstatus's `Compute` (sigs.k8s.io/cli-utils/pkg/kstatus/status), in its order: what holds for every
kind, then the rule of the kind, then the Ready condition. Where a rule deviates, its module says why.
Nothing here waits, remembers, or looks at a second object; deadlines belong to the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rebuild.health import fields, generic
from rebuild.health.kinds import (
    apiservices,
    crds,
    jobs,
    namespaces,
    pods,
    policy,
    services,
    storage,
    webhooks,
    workloads,
)
from rebuild.health.verdicts import GroupKind, Rule
from rebuild.model import kinds
from rebuild.model.objects import Body
from rebuild.model.states import Status

FAMILIES: Final = (apiservices, crds, jobs, namespaces, pods, policy, services, storage, webhooks, workloads)

RULES: Final[Mapping[GroupKind, Rule]] = MappingProxyType(
    {group_kind: rule for family in FAMILIES for group_kind, rule in family.RULES.items()}
)
"""The kinds with a rule of their own."""


def status(body: Body, *, waits_for_consumer: bool = False) -> Status:
    """The health of a live object, with the sentence that explains it.

    Raises nothing, whatever the object holds: what a rule cannot read counts as absent. So it never says
    Unknown, and never NotFound either, since there is an object.

    Args:
        body: the whole object as the API server gave it, with its status.
        waits_for_consumer: the object is a PersistentVolumeClaim whose StorageClass has the volumeBindingMode
            WaitForFirstConsumer, which the claim does not show; it means nothing for other kinds.
    """
    if decided := generic.overriding(body):
        return decided
    group_kind = _group_kind(body)
    if waits_for_consumer and group_kind == storage.CLAIM:
        return storage.claim_of_first_consumer(body)
    return RULES.get(group_kind, generic.by_ready_condition)(body)


def has_readiness(group: str, kind: str) -> bool:
    """Whether objects of a kind can be anything but Current after the write, and so have to be watched.

    True for the kinds with a rule and for every kind that Kubernetes does not define, since any custom
    resource may report Ready, Reconciling or an observed generation; False for all other built-in kinds.
    """
    return (group, kind) in RULES or kinds.builtin().get(group, kind) is None


def _group_kind(body: Body) -> GroupKind:
    group, _, _ = fields.text(body, "apiVersion").rpartition("/")
    return group, fields.text(body, "kind")
