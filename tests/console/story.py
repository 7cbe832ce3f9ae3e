"""A short run told by events, with every kind of fate in it, for the views to show."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.events import (
    Event,
    ObjectEnded,
    ObjectVerified,
    PhaseBegan,
    PhaseEnded,
    Planned,
    PlannedObject,
    RunEnded,
    RunStarted,
    SourceRead,
    TargetBound,
    WriteIntended,
)
from rebuild.model.facts import HealthSeen, WriteAccepted, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.findings import Difference, Limit
from rebuild.model.objects import Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status

SHOP = Ref.of("v1", "Namespace", "", "shop")
CONFIG = Ref.of("v1", "ConfigMap", "shop", "settings")
WEB = Ref.of("apps/v1", "Deployment", "shop", "web")
WIDGET = Ref.of("example.com/v1", "Widget", "shop", "blue")
GADGET = Ref.of("example.com/v1", "Gadget", "shop", "red")
API = Ref.of("apiregistration.k8s.io/v1", "APIService", "", "v1.example.com")
ALL = (SHOP, CONFIG, WEB, WIDGET, GADGET, API)

REASON = "spec.colour: no such field"
PROGRESSING = Status(Health.IN_PROGRESS, "0 of 3 replicas are available")
CURRENT = Status(Health.CURRENT)


def edge(dependent: Ref, dependency: Ref, gate: Gate = Gate.EXISTS, why: str = "lives in it") -> Edge:
    """A hard edge."""
    return Edge(dependent, dependency, gate, Strength.HARD, why)


def planned(*refs: Ref, edges: tuple[Edge, ...] = (), limits: tuple[Limit, ...] = ()) -> Planned:
    """A plan that creates these objects."""
    objects = tuple(PlannedObject(ref, Origin("shop.yaml", 1), "create", "", "sha256:0") for ref in refs)
    return Planned(objects, edges, (), limits, 0.5)


def ended(ref: Ref, outcome: Outcome, at: float, *, reason: str = "", because: Ref | None = None) -> ObjectEnded:
    """The end of an object, which is ready unless there is a reason why not."""
    return ObjectEnded(ref, outcome, not reason, reason, because, (), at)


def accepted(ref: Ref, at: float, outcome: Outcome = Outcome.CREATED) -> WriteAccepted:
    """A write that passed."""
    return WriteAccepted(ref, outcome, 7, at - 0.1, at)


def prologue(*extra: Ref) -> Iterator[Event]:
    """Up to the plan."""
    yield RunStarted("r-1", "drill", "0.1.0", "2030-01-01T00:00:00Z")
    yield SourceRead("https://example.com/shop.git", "main", "deploy", "0123456789abcdef", "2030-01-01T00:00:00Z")
    yield TargetBound("uid-1", "v1.37.2", "https://127.0.0.1:6443", "kwok", "kwok")
    edges = (edge(CONFIG, SHOP), edge(WEB, SHOP), edge(GADGET, WIDGET, Gate.READY, "depends-on"))
    limits = (Limit("apiservice-not-provable", API, "its backend is simulated"),)
    yield planned(*ALL, *extra, edges=edges, limits=limits)


def opening() -> Iterator[Event]:
    """Until the namespace is in flight."""
    yield from prologue()
    yield PhaseBegan("apply", True, 1.0)
    yield WriteIntended(SHOP, 1, 1.0)


def middle() -> Iterator[Event]:
    """Until the Deployment settles, with one failure and what it takes along."""
    yield accepted(SHOP, 1.5)
    yield ended(SHOP, Outcome.CREATED, 1.5)
    for ref in (CONFIG, WEB, WIDGET, API):
        yield WriteIntended(ref, 1, 2.0)
    yield accepted(CONFIG, 2.5, Outcome.UNCHANGED)
    yield ended(CONFIG, Outcome.UNCHANGED, 2.5)
    yield accepted(API, 2.5)
    yield ended(API, Outcome.CREATED, 2.5)
    yield accepted(WEB, 2.6)
    yield HealthSeen(WEB, PROGRESSING, 8, 2.7)
    yield WriteFailed(WIDGET, Fault(Cause.INVALID, 422, REASON), 0.5, 2.0, 3.0)
    yield ended(WIDGET, Outcome.FAILED, 3.0, reason=REASON)
    yield ended(GADGET, Outcome.SKIPPED, 3.0, reason=f"waits for {WIDGET}", because=WIDGET)


def end() -> Iterator[Event]:
    """Until the last word of verification."""
    yield HealthSeen(WEB, CURRENT, 9, 9.0)
    yield ended(WEB, Outcome.CREATED, 9.0)
    yield PhaseEnded("apply", 9.0)
    yield PhaseBegan("verify", True, 9.0)
    yield ObjectVerified(SHOP, True, True, CURRENT, (), ())
    yield ObjectVerified(CONFIG, True, False, CURRENT, (Difference(CONFIG, "data.mode", '"a"', '"b"', "kubectl"),), ())
    yield ObjectVerified(WEB, True, True, PROGRESSING, (), ())
    yield ObjectVerified(API, True, True, Status(Health.IN_PROGRESS, "unavailable"), (), ())
    for ref in (WIDGET, GADGET):
        yield ObjectVerified(ref, False, False, Status(Health.NOT_FOUND), (), ())
    yield PhaseEnded("verify", 9.5)
    yield RunEnded(True, "all objects ended", 9.5)


def whole() -> Iterator[Event]:
    """From the first event to the last."""
    yield from opening()
    yield from middle()
    yield from end()
