"""What one live object is, computed from that object alone: the door of this room.

Built on kstatus's `Compute` (sigs.k8s.io/cli-utils/pkg/kstatus/status), in its order: what holds for every
kind, then the rule of the kind. Where a rule deviates, its module says why.
Nothing here waits, remembers, or looks at a second object; deadlines belong to the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from rebuild.health import custom, definitions, fields, generic
from rebuild.health.definitions import Evidence, GroupKindVersion
from rebuild.health.kinds import (
    apiservices,
    applications,
    crds,
    flowschemas,
    jobs,
    namespaces,
    nodes,
    pods,
    policy,
    servicecidrs,
    services,
    storage,
    webhooks,
    workloads,
)
from rebuild.health.verdicts import GroupKind, Rule
from rebuild.model import kinds
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Status

FAMILIES: Final = (
    apiservices,
    applications,
    crds,
    flowschemas,
    jobs,
    namespaces,
    nodes,
    pods,
    policy,
    servicecidrs,
    services,
    storage,
    webhooks,
    workloads,
)

RULES: Final[Mapping[GroupKind, Rule]] = MappingProxyType(
    {group_kind: rule for family in FAMILIES for group_kind, rule in family.RULES.items()}
)
"""The kinds with a rule of their own."""


class Rulebook(Struct, frozen=True):
    """All that decides on health besides the object: a run and its verification judge by the same one.

    `evidence` is what the definitions of custom resources let them report. `own` are the rules of the user, which
    come before ours. `waiting_claims` are PersistentVolumeClaims that are bound when a Pod uses them first
    (WaitForFirstConsumer), which a claim does not show.
    """

    evidence: Mapping[GroupKindVersion, Evidence] = field(default_factory=dict)
    own: Mapping[GroupKind, Rule] = field(default_factory=dict)
    waiting_claims: frozenset[Ref] = frozenset()

    def status(self, body: Body) -> Status:
        """The health of a live object, with the sentence that explains it.

        Raises nothing, whatever the object holds: what a rule cannot read counts as absent. So it never says
        Unknown, and never NotFound either, since there is an object.

        Args:
            body: the whole object as the API server gave it, with its status.
        """
        group, _, version = fields.text(body, "apiVersion").rpartition("/")
        kind = fields.text(body, "kind")
        if own := self.own.get((group, kind)):
            return generic.outdated(body) or own(body)
        if decided := generic.overriding(body):
            return decided
        if (group, kind) == storage.CLAIM and self._waits(body):
            return storage.claim_of_first_consumer(body)
        if rule := RULES.get((group, kind)):
            return rule(body)
        if is_built_in(group, kind):
            return generic.by_existence(body)
        return custom.status(body, self.evidence.get((group, kind, version), definitions.UNKNOWN))

    def has_readiness(self, ref: Ref) -> bool:
        """Whether an object can be anything but Current after the write, and so has to be watched."""
        group_kind = ref.group_kind
        if group_kind in self.own or group_kind in RULES:
            return True
        return (
            not is_built_in(*group_kind) and self.evidence.get((*group_kind, ref.version), definitions.UNKNOWN).exists
        )

    def needs_operator(self, ref: Ref) -> bool:
        """Whether only a controller that Kubernetes does not bring along can show that an object is healthy."""
        return not is_built_in(*ref.group_kind) and self.has_readiness(ref)

    def _waits(self, body: Body) -> bool:
        namespace, name = fields.text(body, "metadata", "namespace"), fields.text(body, "metadata", "name")
        return Ref(*storage.CLAIM, namespace, name) in self.waiting_claims


BUILT_IN: Final = Rulebook()
"""What is known of every cluster."""


def is_built_in(group: str, kind: str) -> bool:
    """Whether a Kubernetes control plane serves the kind without any extension."""
    return kinds.builtin().get(group, kind) is not None
