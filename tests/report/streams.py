"""Event streams for tests: a whole passing run by default, and small events to add to or put in place of its own."""

from __future__ import annotations

from collections.abc import Iterable

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
from rebuild.model.facts import WriteAccepted
from rebuild.model.findings import Difference, Finding, Limit
from rebuild.model.ignored import Ignored
from rebuild.model.images import Image, NeededImage
from rebuild.model.objects import Origin, Provenance
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.report.ledger import Ledger

SHOP = Ref.of("v1", "Namespace", "", "shop")
WEB = Ref.of("apps/v1", "Deployment", "shop", "web")
DB = Ref.of("v1", "Secret", "shop", "db")
EVERYTHING = (SHOP, WEB, DB)
CURRENT = Status(Health.CURRENT)
NGINX = NeededImage(Image("docker.io", "library/nginx", "1.27"), ("IfNotPresent",), (WEB,))
ORIGIN = Origin("shop.yaml", 7, "c0ffee", Provenance.COMMIT)


def fold(events: Iterable[Event]) -> Ledger:
    """The ledger of a stream."""
    ledger = Ledger()
    for event in events:
        ledger.add(event)
    return ledger


def opening(verb: str = "drill", *, objective: float = 0.0, fidelity: str = "kwok") -> list[Event]:
    """Up to the plan."""
    return [
        RunStarted("r1", verb, "rebuild 0.1", "2026-01-02T03:04:05Z", objective),
        SourceRead("https://example.org/shop.git", "main", "deploy", "c0ffee", "2026-01-01T00:00:00Z"),
        TargetBound("uid-1", "v1.37.2", "https://127.0.0.1:6443", fidelity, fidelity),
    ]


def planned(ref: Ref, action: str = "create", reason: str = "", *, awaited: bool = True) -> PlannedObject:
    """One object of the plan."""
    return PlannedObject(ref, ORIGIN, action, reason, "sha256:0", awaited)


def plan(
    *objects: PlannedObject,
    limits: tuple[Limit, ...] = (),
    findings: tuple[Finding, ...] = (),
    images: tuple[NeededImage, ...] = (),
) -> Planned:
    """A plan of these objects, or of everything."""
    return Planned(objects or tuple(planned(ref) for ref in EVERYTHING), (), findings, limits, 1.0, images)


def written(ref: Ref, at: float = 2.0) -> list[Event]:
    """A write that passes at once and whose object becomes healthy half a second later."""
    return [
        WriteIntended(ref, 1, at),
        WriteAccepted(ref, Outcome.CREATED, 10, at + 0.125, at + 0.25),
        ended(ref, at=at + 0.5),
    ]


def ended(
    ref: Ref,
    outcome: Outcome | None = Outcome.CREATED,
    *,
    ready: bool = True,
    reason: str = "",
    because: Ref | None = None,
    at: float = 3.0,
) -> ObjectEnded:
    """The engine is through with an object."""
    return ObjectEnded(ref, outcome, ready, reason, because, (), at)


def verified(
    ref: Ref,
    *differences: Difference,
    present: bool = True,
    status: Status = CURRENT,
    owned: tuple[Difference, ...] = (),
    ignored: tuple[Ignored, ...] = (),
) -> ObjectVerified:
    """What verification found; equal unless there is a difference."""
    return ObjectVerified(ref, present, present and not differences, status, differences, owned, ignored)


def phase(name: str, begin: float, end: float, *, counted: bool = True) -> list[Event]:
    """One phase from begin to end."""
    return [PhaseBegan(name, counted, begin), PhaseEnded(name, end)]


def closing(at: float = 20.0) -> list[Event]:
    """The run reaches its end."""
    return [RunEnded(complete=True, reason="", at=at)]


def run(
    *middle: Event, verb: str = "drill", the_plan: Planned | None = None, seconds: float = 14.2, objective: float = 0.0
) -> list[Event]:
    """A whole run around these events; objects that they do not mention are written and verified as they should be."""
    the_plan = the_plan or plan()
    told = {getattr(event, "ref", None) for event in middle if isinstance(event, ObjectEnded)}
    judged = {getattr(event, "ref", None) for event in middle if isinstance(event, ObjectVerified)}
    refs = [one.ref for one in the_plan.objects]
    writes = [event for ref in refs if ref not in told for event in written(ref)] if verb != "verify" else []
    phases = phase("rebuild", 0.0, seconds) if verb != "verify" else []
    verifications = [verified(ref) for ref in refs if ref not in judged]
    return [*opening(verb, objective=objective), the_plan, *writes, *middle, *verifications, *phases, *closing()]
