"""How one kind is followed without missing anything: from all there is, by what changes, through whatever breaks.

A stream that ends is taken up where it ended; only where the server has forgotten that point is everything told anew.
Where the kind may not be watched in the whole cluster, it is watched in each namespace that matters.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from typing import Protocol

from msgspec import Struct, field

from rebuild.cluster.port import Change, Cluster, ClusterFault, Watch, WatchEvent
from rebuild.engine.policy import DENIAL_PATIENCE, Wait
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, dig
from rebuild.model.refs import Ref
from rebuild.plan.snapshot import number, ref_of

_AGAIN = Wait(0.1, 5)
"""Before a watch is opened again that failed, or that ended without a word."""
_DENIALS = (Cause.DENIED, Cause.FORBIDDEN, Cause.UNAUTHORIZED)
_GONE = 410


class Listener(Protocol):
    """Is told what a follower sees. Called by its thread."""

    def now(self) -> float:
        """Seconds on the run's clock."""

    def paused(self, seconds: float) -> bool:
        """Wait so long, or until nothing more is to be followed; returns whether that is so."""

    def opened(self, follower: Follower, watch: Watch) -> None:
        """A watch is about to be read; from now on it may be closed."""

    def saw(self, ref: Ref, body: Body) -> bool:
        """An object is there, as its body says; returns whether that matters to anybody."""

    def gone(self, ref: Ref, version: int) -> None:
        """An object that mattered is there no more, as of this resourceVersion."""

    def namespaces(self, kind: Kind) -> Collection[str]:
        """Where objects of a kind matter."""

    def blind(self, follower: Follower, error: ClusterFault) -> None:
        """It may not be watched."""

    def start(self, follower: Follower) -> None:
        """Let another follower work on a thread of its own."""


class Follower(Struct, eq=False, dict=True):
    """Follows one kind in one version, over all namespaces where none is named, until it is told to stop."""

    cluster: Cluster
    kind: Kind
    version: str
    listener: Listener
    namespace: str = ""
    known: set[Ref] = field(default_factory=set)
    """What was there, and mattered, when it was last told of: before this process, at first."""
    _from: str = ""
    """The resourceVersion to go on from; nothing where everything is to be told."""
    _by_watch: bool = True
    """Whether the server can tell by a watch what there is."""
    _failures: int = 0
    _denied_since: float | None = None
    _told: set[Ref] = field(default_factory=set)
    """The same, since everything is being told anew."""

    def follow(self) -> None:
        """Watch, again and again."""
        pause = 0.0
        while not self.listener.paused(pause):
            try:
                for event in self._events():
                    self._hear(event)
                    self._failures, self._denied_since = 0, None
                pause = self._pause()
            except ClusterFault as error:
                if error.fault.cause in _DENIALS and self._is_denied(error):
                    return
                pause = self._after(error)

    def _events(self) -> Iterator[WatchEvent]:
        """What a new stream tells; the first of a new telling come from a list where the server needs one."""
        if not self._from:
            self._told.clear()
        if not self._from and not self._by_watch:
            listing = self.cluster.list(self.kind, self.version, self.namespace)
            yield from (WatchEvent(Change.ADDED, body) for body in listing.items)
            bookmark = {"metadata": {"resourceVersion": listing.resource_version}}
            yield WatchEvent(Change.BOOKMARK, bookmark, ends_initial=True)
        watch = self.cluster.watch(self.kind, self.version, self._from, self.namespace)
        self.listener.opened(self, watch)
        yield from watch

    def _hear(self, event: WatchEvent) -> None:
        resource_version = str(dig(event.body, "metadata", "resourceVersion") or "")
        match event.change:
            case Change.BOOKMARK if event.ends_initial:
                for ref in sorted(self.known - self._told):
                    self._lost(ref, number(resource_version))
                self._from = resource_version
            case Change.BOOKMARK:
                pass
            case Change.DELETED:
                self._lost(ref_of(event.body), number(resource_version))
            case _:
                ref = ref_of(event.body)
                if self.listener.saw(ref, event.body):
                    self.known.add(ref)
                    self._told.add(ref)
        if self._from and resource_version:
            # Before all is told, objects come in no order that one could go on from.
            self._from = resource_version

    def _lost(self, ref: Ref, version: int) -> None:
        self._told.discard(ref)
        if ref in self.known:
            self.known.discard(ref)
            self.listener.gone(ref, version)

    def _is_denied(self, error: ClusterFault) -> bool:
        """Whether to give up: a server that has just started denies everything until it knows its bindings."""
        if self.kind.namespaced and not self.namespace:
            for namespace in self.listener.namespaces(self.kind):
                known = {ref for ref in self.known if ref.namespace == namespace}
                self.listener.start(Follower(self.cluster, self.kind, self.version, self.listener, namespace, known))
            return True
        now = self.listener.now()
        self._denied_since = now if self._denied_since is None else self._denied_since
        if now - self._denied_since < DENIAL_PATIENCE:
            return False
        self.listener.blind(self, error)
        return True

    def _after(self, error: ClusterFault) -> float:
        """Seconds to wait after a failure."""
        fault = error.fault
        if fault.status == _GONE and self._from:
            self._from = ""
            return 0.0
        if fault.cause is Cause.INVALID and not self._from and self._by_watch:
            self._by_watch = False
            return 0.0
        if fault.cause is Cause.NOT_SERVED:
            self._from = ""
        return max(fault.retry_after, self._pause())

    def _pause(self) -> float:
        self._failures += 1
        if self._failures == 1:
            return 0.0
        return _AGAIN.seconds(self._failures - 1, random.random())  # noqa: S311 - jitter, not cryptography
