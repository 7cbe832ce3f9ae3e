"""A real run in miniature: a plan made from YAML for a lab, driven to its end, and watched from both sides.

What was told is in the book; what reached the API server is in the lab's audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import orjson

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.engine.flow import Flow
from rebuild.engine.policy import Policy
from rebuild.model import kinds
from rebuild.model.events import Event, ObjectEnded
from rebuild.model.refs import Ref
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import declared
from rebuild.ops.target import bind
from rebuild.plan.steps import Plan
from rebuild.providers.kwok.lab import Lab
from rebuild.runner.clock import RunClock
from rebuild.runner.driver import Driver

E = TypeVar("E")


@dataclass(slots=True)
class Book:
    """A recorder that keeps everything, and may act on what it is told."""

    react: Callable[[Event], None] = lambda event: None
    events: list[Event] = field(default_factory=list)
    synced: int = 0

    def record(self, event: Event) -> None:
        self.react(event)
        self.events.append(event)

    def tell(self, event: Event) -> None:
        self.events.append(event)

    def sync(self) -> None:
        self.synced += 1

    def of(self, kind: type[E]) -> list[E]:
        """The events of one type, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def about(self, ref: Ref) -> list[Event]:
        """The events about one object, in order."""
        return [event for event in self.events if getattr(event, "ref", None) == ref]

    def endings(self) -> dict[Ref, ObjectEnded]:
        """How each object ended; each ends at most once."""
        endings = self.of(ObjectEnded)
        by_ref = {ended.ref: ended for ended in endings}
        assert len(by_ref) == len(endings)
        return by_ref


def plan_for(text: str, cluster: Cluster) -> Plan:
    """The plan for what a text declares on a cluster as it is."""
    source = Source("test", (SourceFile("declared.yaml", text.encode()),))
    target = bind(cluster, provider="kwok")
    found = declared([source], kinds=kinds.builtin(), namespace="default").served_by(target.served)
    return plans.on_target(found, plans.look(found, target))


def driver_for(
    plan: Plan,
    cluster: Cluster,
    book: Book,
    *,
    policy: Policy | None = None,
    in_flight: int = 8,
    follow_pods: bool = False,
) -> Driver:
    """A driver that is ready to run."""
    patience = policy or Policy(object_deadline=60)
    clock = RunClock()
    return Driver(
        plan, cluster, policy=patience, recorder=book, now=clock, flow=Flow(in_flight), follow_pods=follow_pods
    )


class Audit:
    """What reached a lab's API server from us since this was made, by its own log."""

    def __init__(self, lab: Lab, outside: Transport) -> None:
        self._log, self._outside = lab.audit_log, outside
        self._start = self._log.stat().st_size

    def entries(self, verb: str) -> list[dict[str, Any]]:
        """Our requests with this verb: when they were answered, or, for a watch, when its answer began."""
        stage = "ResponseStarted" if verb == "watch" else "ResponseComplete"
        return [
            entry
            for entry in map(orjson.loads, self._all().splitlines())
            if entry["verb"] == verb and entry["stage"] == stage and entry["userAgent"].startswith("rebuild/")
        ]

    def written(self) -> list[str]:
        """The names of the objects that we wrote, one for each request that is logged."""
        return [entry["objectRef"]["name"] for entry in self.entries("patch")]

    def _all(self) -> bytes:
        """The log up to a request that we send now, so that it is complete for all before it."""
        marker = uuid4().hex
        try:
            self._outside.request("GET", f"/api/v1/namespaces/default/configmaps/{marker}")
        except ClusterFault as error:
            if error.fault.status != 404:
                raise
        for _ in range(100_000):
            data = self._read()
            if marker.encode() in data and data.endswith(b"\n"):
                return data
        raise AssertionError("the audit log does not get on")

    def _read(self) -> bytes:
        with self._log.open("rb") as log:
            log.seek(self._start)
            return log.read()
