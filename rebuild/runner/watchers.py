"""One watch per kind, each on a thread and a connection of its own: list, then follow, for as long as the run lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from functools import partial

from rebuild.cluster.port import Change, Cluster, ClusterFault, Watch
from rebuild.engine.policy import DENIAL_PATIENCE
from rebuild.health.compute import Rulebook
from rebuild.model.facts import HealthSeen, TroubleSeen
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.model.troubles import Trouble
from rebuild.plan.snapshot import number, ref_of, version_of
from rebuild.runner.threads import Facts, start
from rebuild.runner.troubles import Troubles

_RETRY_SECONDS = 0.2
"""A watch that cannot be opened: its CRD is not served yet, or the API server is away."""
_DENIALS = (Cause.DENIED, Cause.FORBIDDEN, Cause.UNAUTHORIZED)
_POD = ("", "Pod")
_GONE = Status(Health.NOT_FOUND, "was deleted")


class Watchers:
    """Follows kinds and puts a fact for each sighting of an object that matters to the run."""

    def __init__(
        self,
        cluster: Cluster,
        facts: Facts,
        now: Callable[[], float],
        *,
        relevant: Collection[Ref],
        rulebook: Rulebook,
        troubles: Troubles | None = None,
        known: frozenset[Ref] = frozenset(),
    ) -> None:
        """`known` objects were there before this process: a first list without one says that it is gone."""
        self._cluster, self._facts, self._now = cluster, facts, now
        self._relevant, self._rulebook, self._troubles = relevant, rulebook, troubles
        self._known = known
        self._lock = threading.Lock()
        self._followed: dict[tuple[str, str], threading.Thread] = {}
        self._open: dict[tuple[str, str], Watch] = {}
        self._stopping = threading.Event()

    def follow(self, kind: Kind, version: str) -> None:
        """Watch a kind from now on; the second call for it does nothing."""
        key = (kind.group, kind.kind)
        if key in self._followed:
            return
        self._followed[key] = start(partial(self._follow, kind, version), self._facts, name=f"watch-{kind.plural}")

    def close(self, *, wait: bool = True) -> None:
        """End all watches, and wait for their threads unless told not to."""
        with self._lock:
            self._stopping.set()
            for watch in self._open.values():
                watch.close()
        if wait:
            for thread in self._followed.values():
                thread.join()

    def _follow(self, kind: Kind, version: str) -> None:
        seen = {ref for ref in self._known if ref.group_kind == (kind.group, kind.kind)}
        denied_since: float | None = None
        while not self._stopping.is_set():
            try:
                listing = self._cluster.list(kind, version)
                self._relist(listing.items, seen, number(listing.resource_version))
                if self._troubles and (kind.group, kind.kind) == _POD:
                    self._tell_troubles(self._troubles.relisted(listing.items))
                self._watch(kind, version, listing.resource_version, seen)
                denied_since = None
            except ClusterFault as error:
                if error.fault.cause not in _DENIALS:
                    denied_since = None
                elif denied_since is None:
                    denied_since = self._now()
                elif self._now() - denied_since >= DENIAL_PATIENCE:
                    self._blind(kind, error)
                    return
                self._stopping.wait(max(_RETRY_SECONDS, error.fault.retry_after))

    def _relist(self, items: Collection[Body], seen: set[Ref], version: int) -> None:
        """Tell all that is there, and what is there no more since the last watch ended."""
        present = {ref_of(body): body for body in items}
        for ref in seen - present.keys():
            self._facts.put(HealthSeen(ref, _GONE, version, self._now()))
        seen.clear()
        for ref, body in present.items():
            self._tell(ref, body, seen)

    def _watch(self, kind: Kind, version: str, resource_version: str, seen: set[Ref]) -> None:
        watch = self._cluster.watch(kind, version, resource_version)
        with self._lock:
            if self._stopping.is_set():
                watch.close()
            self._open[kind.group, kind.kind] = watch
        for event in watch:
            if event.change is Change.BOOKMARK:
                continue
            ref = ref_of(event.body)
            if self._troubles and (kind.group, kind.kind) == _POD:
                told = self._troubles.lost if event.change is Change.DELETED else self._troubles.saw
                self._tell_troubles(told(event.body))
            if event.change is not Change.DELETED:
                self._tell(ref, event.body, seen)
            elif ref in seen:
                seen.discard(ref)
                self._facts.put(HealthSeen(ref, _GONE, version_of(event.body), self._now()))

    def _tell(self, ref: Ref, body: Body, seen: set[Ref]) -> None:
        if ref not in self._relevant:
            return
        seen.add(ref)
        self._facts.put(HealthSeen(ref, self._rulebook.status(body), version_of(body), self._now()))

    def _tell_troubles(self, changes: Iterable[tuple[Ref, Trouble | None]]) -> None:
        for ref, trouble in changes:
            self._facts.put(TroubleSeen(ref, trouble, self._now()))

    def _blind(self, kind: Kind, error: ClusterFault) -> None:
        """Without the right to watch a kind its objects' health stays unknown; say so instead of waiting mutely."""
        status = Status(Health.UNKNOWN, f"may not watch {kind.plural}: {error.fault.message}")
        for ref in self._relevant:
            if ref.group_kind == (kind.group, kind.kind):
                self._facts.put(HealthSeen(ref, status, 2**63, self._now()))
