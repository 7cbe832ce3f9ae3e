"""What a target is and holds, read before the plan is made: identity, kinds, and one list per kind that matters."""

from __future__ import annotations

import random
from collections.abc import Collection

from tenacity import RetryCallState, Retrying, retry_if_exception

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.engine.policy import Policy
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body
from rebuild.plan.snapshot import KindVersion, Snapshot, kinds_to_list
from rebuild.system import clock

PATIENCE = 30.0
"""Seconds after its first failure in which a snapshot tries a list again."""

_UNKNOWABLE = (Cause.DENIED, Cause.FORBIDDEN, Cause.WEBHOOK, Cause.INTERNAL, Cause.INVALID)
"""What we may not list, what nobody converts to the version that we ask for, and what the server itself cannot read."""
_PASSING = (Cause.OVERLOAD, Cause.TRANSPORT, Cause.INTERNAL)
"""What a server that has its hands full, or is just being replaced, answers."""


class _Patience:
    """When to stop trying, over all lists of a snapshot: a server that is gone is not waited for kind by kind."""

    def __init__(self) -> None:
        self._until: float | None = None

    def __call__(self, state: RetryCallState) -> bool:
        now = clock.monotonic()
        self._until = now + PATIENCE if self._until is None else self._until
        return now + state.upcoming_sleep >= self._until


def snapshot(
    cluster: Cluster, blueprint: Blueprint, known: Kinds, *, also: Collection[tuple[str, str]] = ()
) -> Snapshot:
    """The live objects of every kind that the blueprint names, of those that a plan looks at anyway, and of `also`.

    A kind whose CRD is not applied yet holds nothing; what cannot be known is named with its reason. A list that fails
    for a moment is asked for again, with the waits of a write that fails for the same cause.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    patient = Retrying(
        retry=retry_if_exception(_may_pass), wait=_wait, stop=_Patience(), sleep=clock.sleep, reraise=True
    )
    items: list[Body] = []
    unread: dict[KindVersion, Fault] = {}
    for kind, version in kinds_to_list(blueprint, known, also):
        try:
            items += patient(cluster.list, kind, version).items
        except ClusterFault as error:
            if error.fault.cause in _UNKNOWABLE or _is_dead_backend(error.fault):
                unread[kind.group, kind.kind, version] = error.fault
            elif error.fault.cause is not Cause.NOT_SERVED:
                raise Unreachable(f"the cluster cannot be read: {error}", hint="try again when it answers") from error
    return Snapshot(items, unread)


def _is_dead_backend(fault: Fault) -> bool:
    """Whether an aggregated API does not answer: what it holds is not gone, only out of sight."""
    return fault.cause is Cause.NOT_SERVED and fault.status == 503


def _may_pass(error: BaseException) -> bool:
    # 429 also comes for a kind whose storage is being set up anew, which is not served for that moment.
    return isinstance(error, ClusterFault) and (error.fault.cause in _PASSING or error.fault.status == 429)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, ClusterFault)
    chance = random.random()  # noqa: S311 - jitter, not cryptography
    return Policy().pause(error.fault, state.attempt_number, chance) or 0.0
