"""Is this the cluster that was meant? Says what speaks against it; asking a person is the door's business."""

from __future__ import annotations

from rebuild.ops.target import BoundTarget
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan

_SHOWN = 5


def objection(target: BoundTarget, snapshot: Snapshot, plan: Plan) -> str:
    """Why writing to this target needs a second look, or nothing: a fresh cluster, or nothing to write.

    A cluster is fresh when it holds nothing beyond what its provider puts there.
    """
    if not plan.count(Action.CREATE) and not plan.count(Action.CONFIGURE):
        return ""
    strangers = snapshot.strangers(target.baseline_namespaces)
    if not strangers:
        return ""
    shown = ", ".join(str(ref) for ref in strangers[:_SHOWN])
    more = f" and {len(strangers) - _SHOWN} more" if len(strangers) > _SHOWN else ""
    return f"the cluster {target.identity.server} is not fresh: it holds {shown}{more}"
