"""What a target is and holds, read before the plan is made: identity, kinds, and one list per kind that matters."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body
from rebuild.plan.snapshot import Snapshot, kinds_to_list

_NOT_THERE = (Cause.NOT_SERVED, Cause.FORBIDDEN, Cause.WEBHOOK)
"""A kind whose CRD is not applied yet holds nothing; what we may not list, or what nobody converts to the version
that we ask for, we cannot know."""


def snapshot(cluster: Cluster, blueprint: Blueprint, known: Kinds) -> Snapshot:
    """The live objects of every kind that the blueprint names, and of those that a plan looks at anyway.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    return Snapshot(body for kind, version in kinds_to_list(blueprint, known) for body in _list(cluster, kind, version))


def _list(cluster: Cluster, kind: Kind, version: str) -> Iterator[Body]:
    try:
        yield from cluster.list(kind, version).items
    except ClusterFault as error:
        if error.fault.cause not in _NOT_THERE:
            raise Unreachable(
                f"the cluster cannot be read: {error}", hint="nothing was written; try again when it answers"
            ) from error
