"""What a target is and holds, read before the plan is made: identity, kinds, and one list per kind that matters."""

from __future__ import annotations

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body
from rebuild.plan.snapshot import KindVersion, Snapshot, kinds_to_list

_UNKNOWABLE = (Cause.FORBIDDEN, Cause.WEBHOOK)
"""What we may not list, and what nobody converts to the version that we ask for."""


def snapshot(cluster: Cluster, blueprint: Blueprint, known: Kinds) -> Snapshot:
    """The live objects of every kind that the blueprint names, and of those that a plan looks at anyway.

    A kind whose CRD is not applied yet holds nothing; what cannot be known is named with its reason.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    items: list[Body] = []
    unread: dict[KindVersion, Fault] = {}
    for kind, version in kinds_to_list(blueprint, known):
        try:
            items += cluster.list(kind, version).items
        except ClusterFault as error:
            if error.fault.cause in _UNKNOWABLE:
                unread[kind.group, kind.kind, version] = error.fault
            elif error.fault.cause is not Cause.NOT_SERVED:
                raise Unreachable(f"the cluster cannot be read: {error}", hint="try again when it answers") from error
    return Snapshot(items, unread)
