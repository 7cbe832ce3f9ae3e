"""One watch per kind, each on a thread and a connection of its own, and what of it becomes a fact."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable

from rebuild.cluster.port import Cluster, ClusterFault, Watch
from rebuild.engine import sights
from rebuild.engine.sights import Sight
from rebuild.health.compute import Rulebook
from rebuild.model.facts import HealthSeen, TroubleSeen
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.model.troubles import Trouble
from rebuild.plan.snapshot import version_of
from rebuild.runner.following import Follower
from rebuild.runner.threads import Facts, start
from rebuild.runner.troubles import Troubles

_POD = ("", "Pod")
_GONE = Status(Health.NOT_FOUND, "was deleted")
_FAREWELL = 2.0
"""Seconds for all threads to end. A request that nobody answers has its own time, which no run has to wait for."""


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
        """Guards the next three, which several threads change."""
        self._threads: list[threading.Thread] = []
        self._open: dict[Follower, Watch] = {}
        self._stopping = threading.Event()
        self._followed: set[tuple[str, str]] = set()
        self._noticed: frozenset[Sight] = frozenset()

    def follow(self, kind: Kind, version: str) -> None:
        """Watch a kind from now on; the second call for it does nothing."""
        if (kind.group, kind.kind) not in self._followed:
            self._followed.add((kind.group, kind.kind))
            known = {ref for ref in self._known if ref.group_kind == (kind.group, kind.kind)}
            self.start(Follower(self._cluster, kind, version, self, known=known))

    def notice(self, kind: Kind, sight: Sight) -> None:
        """Put facts about these objects as well, whether they are planned or not."""
        self._noticed |= {sight}
        self.follow(kind, kind.versions[0])

    def close(self, *, wait: bool = True) -> None:
        """End all watches, and wait for their threads unless told not to.

        A thread whose watch or list the server has not begun to answer is left to itself: it ends with that request.
        """
        with self._lock:
            self._stopping.set()
            threads = list(self._threads)
            for watch in self._open.values():
                watch.close()
        if wait:
            deadline = self._now() + _FAREWELL
            for thread in threads:
                thread.join(max(deadline - self._now(), 0.0))

    def start(self, follower: Follower) -> None:
        """Let a follower work on a thread of its own, unless all is over."""
        with self._lock:
            if not self._stopping.is_set():
                thread = start(follower.follow, self._facts, name=f"watch-{follower.kind.plural}")
                self._threads.append(thread)

    def now(self) -> float:
        """Seconds on the run's clock."""
        return self._now()

    def paused(self, seconds: float) -> bool:
        """Wait so long; returns whether nothing more is to be followed."""
        return self._stopping.wait(seconds)

    def opened(self, follower: Follower, watch: Watch) -> None:
        """A watch is about to be read; it is closed at once when all is over."""
        with self._lock:
            if self._stopping.is_set():
                watch.close()
            self._open[follower] = watch

    def saw(self, ref: Ref, body: Body) -> bool:
        """Tell what an object is, and what keeps a Pod."""
        is_pod = self._troubles is not None and ref.group_kind == _POD
        if self._troubles and is_pod:
            self._tell(self._troubles.saw(body))
        if ref not in self._relevant and self._noticed.isdisjoint(sights.of(ref)):
            return is_pod
        self._facts.put(HealthSeen(ref, self._rulebook.status(body), version_of(body), self._now()))
        return True

    def gone(self, ref: Ref, version: int) -> None:
        """Tell that an object was deleted."""
        if self._troubles and ref.group_kind == _POD:
            self._tell(self._troubles.lost(ref))
        if ref in self._relevant or not self._noticed.isdisjoint(sights.of(ref)):
            self._facts.put(HealthSeen(ref, _GONE, version, self._now()))

    def namespaces(self, kind: Kind) -> Collection[str]:
        """Where planned and expected objects of a kind live, and those that somebody waits for."""
        planned = {ref.namespace for ref in self._relevant if ref.group_kind == (kind.group, kind.kind)}
        noticed = {each.namespace for each in self._noticed if (each.group, each.kind) == (kind.group, kind.kind)}
        return sorted(planned | noticed - {""})

    def blind(self, follower: Follower, error: ClusterFault) -> None:
        """Without the right to watch a kind its objects' health stays unknown; say so instead of waiting mutely."""
        kind, place = follower.kind, follower.namespace
        where = f" in namespace {place}" if place else ""
        status = Status(Health.UNKNOWN, f"may not watch {kind.plural}{where}: {error.fault.message}")
        for ref in self._relevant:
            if ref.group_kind == (kind.group, kind.kind) and place in ("", ref.namespace):
                self._facts.put(HealthSeen(ref, status, 2**63, self._now()))

    def _tell(self, changes: Iterable[tuple[Ref, Trouble | None]]) -> None:
        for ref, trouble in changes:
            self._facts.put(TroubleSeen(ref, trouble, self._now()))
