"""What a target is and holds, read before the plan is made: identity, kinds, and one list per kind that matters."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from rebuild.cluster.port import Cluster, ClusterFault, Listing
from rebuild.engine.policy import Policy
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body
from rebuild.plan.snapshot import KindVersion, Snapshot, kinds_to_list
from rebuild.runner.parallel import gathered
from rebuild.system import clock

if TYPE_CHECKING:
    from tenacity import RetryCallState

PATIENCE = 30.0
"""Seconds after its first failure in which a snapshot tries a list again."""

_AT_ONCE = 4
"""Lists under way: most are short, and their time is that of the way to the server and back."""
_UNKNOWABLE = (Cause.DENIED, Cause.FORBIDDEN, Cause.WEBHOOK, Cause.INTERNAL, Cause.INVALID)
"""What we may not list, what nobody converts to the version that we ask for, and what the server itself cannot read."""
_BELIEVED = 2
"""How often a kind has to be denied by a server that knows us before that counts."""
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


Seen: TypeAlias = Mapping[tuple[Kind, str], Sequence[Body] | Fault]
"""What lists gave, by the kind and the version that were asked for."""
NOTHING_SEEN: Seen = MappingProxyType({})


def context(cluster: Cluster, served: Kinds) -> Seen:
    """The live objects of the kinds that a plan looks at anyway, for who has time before the source has been read.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    return _seen(cluster, list(kinds_to_list(Blueprint({}, served), served)))


def snapshot(
    cluster: Cluster,
    blueprint: Blueprint,
    known: Kinds,
    *,
    also: Collection[tuple[str, str]] = (),
    seen: Seen = NOTHING_SEEN,
) -> Snapshot:
    """The live objects of every kind that the blueprint names, of those that a plan looks at anyway, and of `also`.

    A kind whose CRD is not applied yet holds nothing; what cannot be known is named with its reason. A list that fails
    for a moment is asked for again, with the waits of a write that fails for the same cause. So is one that is denied
    by a server that denies us what it has told us before: it has just started, and does not know its bindings yet.
    What has been `seen` is not asked for.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    wanted = list(kinds_to_list(blueprint, known, also))
    found = {**seen, **_seen(cluster, [asked for asked in wanted if asked not in seen])}
    items: list[Body] = []
    unread: dict[KindVersion, Fault] = {}
    for kind, version in wanted:
        listed = found[kind, version]
        if not isinstance(listed, Fault):
            items += listed
        elif listed.cause is not Cause.NOT_SERVED or _is_dead_backend(listed):
            unread[kind.group, kind.kind, version] = listed
    return Snapshot(items, unread)


def _seen(cluster: Cluster, wanted: Sequence[tuple[Kind, str]]) -> Seen:
    patience = _Patience()

    def read(asked: tuple[Kind, str]) -> Sequence[Body] | Fault:
        try:
            return _patiently(cluster, patience, partial(cluster.list, *asked))
        except ClusterFault as error:
            if error.fault.cause in _UNKNOWABLE or error.fault.cause is Cause.NOT_SERVED:
                return error.fault
            raise Unreachable(f"the cluster cannot be read: {error}", hint="try again when it answers") from error

    return dict(zip(wanted, gathered(read, wanted, at_once=_AT_ONCE), strict=True))


def _is_dead_backend(fault: Fault) -> bool:
    """Whether an aggregated API does not answer: what it holds is not gone, only out of sight."""
    return fault.cause is Cause.NOT_SERVED and fault.status == 503


def metadata(cluster: Cluster, kinds: Iterable[Kind]) -> tuple[list[Body], dict[Kind, Fault]]:
    """What there is of some kinds, in their preferred versions and by its metadata alone: one list for each kind.

    Returns:
        The objects, and why the kinds that could not be listed were not.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    patience = _Patience()

    def read(kind: Kind) -> Sequence[Body] | Fault:
        try:
            return _patiently(cluster, patience, partial(cluster.list, kind, kind.versions[0], metadata_only=True))
        except ClusterFault as error:
            if error.fault.cause is Cause.TRANSPORT:
                raise Unreachable(f"the cluster cannot be read: {error}", hint="try again when it answers") from error
            return error.fault

    wanted = list(kinds)
    items: list[Body] = []
    unread: dict[Kind, Fault] = {}
    for kind, found in zip(wanted, gathered(read, wanted, at_once=_AT_ONCE), strict=True):
        if isinstance(found, Fault):
            unread[kind] = found
        else:
            items += found
    return items, unread


def _patiently(cluster: Cluster, patience: _Patience, ask: Callable[[], Listing]) -> Sequence[Body]:
    """The items of one list, which is asked for again while its failure may pass."""
    try:
        return ask().items
    except ClusterFault as error:
        failed = [error]
    # Imported late, so that nobody pays for it who has nothing to try again.
    from tenacity import Retrying, retry_if_exception

    def again() -> Listing:
        if failed:
            raise failed.pop()
        return ask()

    tries = Retrying(
        retry=retry_if_exception(_Doubt(cluster)), wait=_wait, stop=patience, sleep=clock.sleep, reraise=True
    )
    return tries(again).items


class _Doubt:
    """Whether the failure of one kind's list may pass."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._denials = cluster, 0

    def __call__(self, error: BaseException) -> bool:
        if not isinstance(error, ClusterFault):
            return False
        if error.fault.cause is Cause.DENIED and self._knows_us():
            self._denials += 1
            return self._denials < _BELIEVED
        # 429 also comes for a kind whose storage is being set up anew, which is not served for that moment.
        return error.fault.cause in (*_PASSING, Cause.DENIED) or error.fault.status == 429

    def _knows_us(self) -> bool:
        """Whether we may still see who the cluster is, as when we were bound to it."""
        try:
            self._cluster.identity()
        except ClusterFault:
            return False
        return True


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, ClusterFault)
    chance = random.random()  # noqa: S311 - jitter, not cryptography
    return Policy().pause(error.fault, state.attempt_number, chance) or 0.0
