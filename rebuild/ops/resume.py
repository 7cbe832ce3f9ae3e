"""The verb `resume`: go on with an `apply` that was cut short, from its journal and the same source.

Until everything stands that a next write needs, nothing is recorded, so that a refusal leaves the journal as it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Refused
from rebuild.ops import observe
from rebuild.ops.sources import SourceOptions
from rebuild.ops.target import BoundTarget
from rebuild.ops.unfinished import Unfinished
from rebuild.plan import restore
from rebuild.plan.build import Surroundings
from rebuild.plan.rules import Rules
from rebuild.plan.steps import Plan

_AGAIN = "`rebuild apply` begins a new run, which sends only what differs"


class SourceChanged(Refused):
    """The source does not give the same objects any more, so it is not the run that would go on."""

    code: ClassVar[str] = "source-changed"


def source_of(unfinished: Unfinished, location: str = "") -> SourceOptions:
    """Where the run's source is read again: out of the same commit, if it was one.

    Args:
        unfinished: the run.
        location: where the source stands now, if not where it stood.
    """
    source, asked = unfinished.source, unfinished.asked
    return SourceOptions(
        location or source.repository,
        ref=source.commit,
        path=source.path,
        namespace=asked.namespace,
        additions=tuple(map(Path, asked.additions)),
    )


def assert_same_cluster(unfinished: Unfinished, target: BoundTarget) -> None:
    """Make sure that this is the cluster that the run writes to.

    Raises:
        Refused: when it is another one.
    """
    if target.identity.uid != unfinished.target.uid:
        raise Refused(
            f"the run {unfinished.name} writes to the cluster {unfinished.target.uid}, and at "
            f"{target.identity.server} {target.identity.uid} answers",
            hint="nothing was written; name its context with --context, or begin a new run with `rebuild apply`",
        )


def plan(unfinished: Unfinished, blueprint: Blueprint, target: BoundTarget, rules: Rules) -> Plan:
    """The plan of the run, as it was made; the user's rules may have changed meanwhile, as they only judge.

    Raises:
        SourceChanged: when the source declares something else now.
        Unreachable: when the target stops answering.
    """
    snapshot = observe.snapshot(target.cluster, blueprint, blueprint.kinds)
    around = Surroundings(snapshot, target.capabilities)
    try:
        return restore.restored(unfinished.planned, blueprint, around, rules, manager=FIELD_MANAGER, key=unfinished.key)
    except restore.Changed as error:
        source = unfinished.source
        where = f"{source.repository} at {source.commit[:12]}" if source.commit else source.repository
        more = f" and {len(error.refs) - 1} more" if len(error.refs) > 1 else ""
        raise SourceChanged(
            f"{where} does not give what the run {unfinished.name} was planned with: {error.refs[0]}{more}", hint=_AGAIN
        ) from error
