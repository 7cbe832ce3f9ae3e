"""The fold's state: what the events of a run say about each object, and counters that need no scan.

Console and report fold the same ledger, so a live view and a report made years later from the journal cannot
disagree. It records and counts; it judges nothing (`judgement`, `verdict`) and words nothing (`to_text`). An event
costs time in proportion to its own size alone, whatever the number of objects, and any sequence of events can be
folded: a journal may stop anywhere.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import assert_never

from msgspec import Struct, field

from rebuild.model.events import (
    ApplyAsked,
    Event,
    FlowSettled,
    IgnoreRulesUsed,
    ImageObserved,
    ObjectEnded,
    ObjectRelapsed,
    ObjectVerified,
    PhaseBegan,
    PhaseEnded,
    Planned,
    PlannedObject,
    PodsObserved,
    RunEnded,
    RunStarted,
    SourceRead,
    StageEnded,
    TargetBound,
    WriteIntended,
)
from rebuild.model.facts import (
    HealthSeen,
    RunResumed,
    StopAsked,
    TimerFired,
    TroubleSeen,
    WriteAccepted,
    WriteFailed,
)
from rebuild.model.faults import Fault
from rebuild.model.ignored import RuleUse
from rebuild.model.images import Image
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.model.troubles import Trouble

GAP = "gap"
"""The phase in which nobody carried out the run."""
ACCEPTED = (Outcome.CREATED, Outcome.CONFIGURED, Outcome.RECREATED, Outcome.UNCHANGED)
"""The API server holds the object as we sent it."""


class Standing(StrEnum):
    """Where an object stands in the run, as a progress display counts it. The last three are final."""

    WAITING = "waiting"
    """Nothing of it is under way: before its first attempt, or between two."""
    IN_FLIGHT = "in-flight"
    SETTLING = "settling"
    """Accepted, and the engine is not through with it."""
    DONE = "done"
    FAILED = "failed"
    """Not accepted, or given up on before it was ready."""
    SKIPPED = "skipped"


FINAL = (Standing.DONE, Standing.FAILED, Standing.SKIPPED)


class Record(Struct):
    """One declared object's part of the run. Times are seconds from the run's start, None where it did not happen."""

    plan: PlannedObject
    standing: Standing = Standing.WAITING
    outcome: Outcome | None = None
    attempts: int = 0
    intended_at: float | None = None
    """When the first write was about to leave."""
    sent_at: float | None = None
    """When the last answered write left."""
    accepted_at: float | None = None
    ready_at: float | None = None
    ended: ObjectEnded | None = None
    fault: Fault | None = None
    """Why the last refused attempt was refused, also where a later attempt passed."""
    seen: Status | None = None
    seen_version: int = 0
    trouble: Trouble | None = None
    """What was last seen to keep its Pods from running."""
    verification: ObjectVerified | None = None
    relapse: ObjectRelapsed | None = None
    """What became of it after verification had found it in order."""
    pods: PodsObserved | None = None

    @property
    def ref(self) -> Ref:
        """Whose record this is."""
        return self.plan.ref

    @property
    def is_accepted(self) -> bool:
        """Whether the API server holds the object as we sent it."""
        return self.outcome in ACCEPTED

    @property
    def status(self) -> Status | None:
        """What the object is: as it relapsed, else as verification found it, else as it was last seen."""
        if self.relapse:
            return self.relapse.status
        return self.verification.status if self.verification else self.seen

    @property
    def is_ready(self) -> bool:
        """Whether the engine saw it healthy."""
        return self.ready_at is not None

    @property
    def was_given_up(self) -> bool:
        """Whether the engine waited for its health in vain: it then says why; what nobody awaits ends silently."""
        return bool(self.ended and self.is_accepted and not self.ended.ready and self.ended.reason)

    @property
    def reason(self) -> str:
        """Why it ended as it did, else why it was planned as it was; empty where that needs no reason."""
        return (self.ended.reason if self.ended else "") or self.plan.reason

    @property
    def because(self) -> Ref | None:
        """The object whose end skipped this one: the root of the chain, as the engine hands it down."""
        return self.ended.because if self.ended else None

    def saw(self, status: Status, version: int) -> None:
        """Take in a health as of a resourceVersion, unless a later one is known."""
        if version >= self.seen_version:
            self.seen, self.seen_version = status, version


def passed(found: ObjectVerified | None) -> bool:
    """Whether verification found the object present, equal and healthy (kstatus's Current)."""
    return bool(found and found.present and found.equal and found.status.health is Health.CURRENT)


class Phase(Struct):
    """A stretch of the run. `ended` is None while it lasts, and for ever if the run stopped in it."""

    name: str
    counted: bool
    began: float
    ended: float | None = None
    stages: list[StageEnded] = field(default_factory=list)
    """Its parts that somebody timed, in the order in which they ended."""

    @property
    def seconds(self) -> float | None:
        """How long it took, or None when it did not end."""
        return None if self.ended is None else self.ended - self.began


class Ledger(Struct):
    """All that the events folded so far say. What no event has said yet is None or empty."""

    run: RunStarted | None = None
    asked: ApplyAsked | None = None
    source: SourceRead | None = None
    target: TargetBound | None = None
    plan: Planned | None = None
    flow: FlowSettled | None = None
    end: RunEnded | None = None
    resumed: list[RunResumed] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    objects: dict[Ref, Record] = field(default_factory=dict)
    """In the order of the plan."""
    images: dict[Image, ImageObserved] = field(default_factory=dict)
    """How the images came that a kubelet told of."""
    ignore_rules: tuple[RuleUse, ...] = ()
    """What the rules came to by which differences are ignored."""
    limited: frozenset[Ref] = frozenset()
    """The objects that a limit of the plan names."""
    verified: int = 0
    """How many objects verification has found present, equal and healthy."""
    judged: int = 0
    """How many objects verification has looked at."""
    _standings: Counter[Standing] = field(default_factory=Counter)

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.count(standing)} {standing}" for standing in Standing)
        return f"<Ledger: {len(self.objects)} objects: {counts}>"

    @property
    def verb(self) -> str:
        """What was run: plan, apply, verify, drill; empty before it is known."""
        return self.run.verb if self.run else ""

    def count(self, standing: Standing) -> int:
        """How many objects stand there now."""
        return self._standings[standing]

    def add(self, event: Event) -> None:
        """Fold the next event. What it says of objects outside the plan (expected ones) is passed over."""
        match event:
            case RunStarted():
                self.run = event
            case ApplyAsked():
                self.asked = event
            case SourceRead():
                self.source = event
            case TargetBound():
                self.target = event
            case Planned():
                self._planned(event)
            case PhaseBegan():
                self.phases.append(Phase(event.name, event.counted, event.at))
            case PhaseEnded():
                self._phase_ended(event)
            case StageEnded():
                self._stage_ended(event)
            case FlowSettled():
                self.flow = event
            case RunEnded():
                self.end = event
            case RunResumed():
                self._resumed(event)
            case (
                WriteIntended()
                | WriteAccepted()
                | WriteFailed()
                | HealthSeen()
                | TroubleSeen()
                | ObjectEnded()
                | ObjectVerified()
                | ObjectRelapsed()
                | PodsObserved()
            ):
                record = self.objects.get(event.ref)
                if record:
                    self._add_to(record, event)
            case IgnoreRulesUsed():
                self.ignore_rules = event.uses
            case ImageObserved():
                self.images[event.image] = event
            case TimerFired() | StopAsked():
                pass
            case _:
                assert_never(event)

    def _planned(self, event: Planned) -> None:
        self.plan = event
        self.limited = frozenset(limit.ref for limit in event.limits)
        for planned in event.objects:
            if planned.ref not in self.objects:
                self.objects[planned.ref] = Record(planned)
                self._standings[Standing.WAITING] += 1

    def _resumed(self, event: RunResumed) -> None:
        """What was cut short lasted until the last event; the gap is a phase of its own, and counts."""
        self.end = None
        for phase in self.phases:
            phase.ended = event.since if phase.ended is None else phase.ended
        self.phases.append(Phase(GAP, True, event.since, event.at))
        self.resumed.append(event)
        for record in self.objects.values():
            if record.standing is Standing.IN_FLIGHT:
                self._put(record, Standing.WAITING)
            record.seen, record.seen_version, record.trouble = None, 0, None

    def _phase_ended(self, event: PhaseEnded) -> None:
        for phase in reversed(self.phases):
            if phase.name == event.name and phase.ended is None:
                phase.ended = event.at
                return

    def _stage_ended(self, event: StageEnded) -> None:
        for phase in reversed(self.phases):
            if phase.ended is None:
                phase.stages.append(event)
                return

    def _add_to(
        self,
        record: Record,
        event: WriteIntended
        | WriteAccepted
        | WriteFailed
        | HealthSeen
        | TroubleSeen
        | ObjectEnded
        | ObjectVerified
        | ObjectRelapsed
        | PodsObserved,
    ) -> None:
        match event:
            case WriteIntended():
                record.attempts = max(record.attempts, event.attempt)
                record.intended_at = event.at if record.intended_at is None else record.intended_at
                self._move(record, Standing.IN_FLIGHT)
            case WriteAccepted():
                record.outcome, record.sent_at, record.accepted_at = event.outcome, event.sent_at, event.at
                if event.version > record.seen_version:
                    # Health of before our write says nothing about what we wrote.
                    record.seen, record.seen_version = None, event.version
                if event.status is not None:
                    record.saw(event.status, event.version)
                self._move(record, Standing.SETTLING)
            case WriteFailed():
                record.fault, record.sent_at = event.fault, event.sent_at
                self._move(record, Standing.WAITING)
            case HealthSeen():
                record.saw(event.status, event.version)
            case TroubleSeen():
                record.trouble = event.trouble
            case ObjectEnded():
                self._ended(record, event)
            case ObjectVerified():
                self.judged += record.verification is None
                was_back = passed(record.verification) and record.relapse is None
                self.verified += passed(event) - was_back
                record.verification, record.relapse = event, None
            case ObjectRelapsed():
                self.verified -= passed(record.verification) and record.relapse is None
                record.relapse = event
            case PodsObserved():
                record.pods = event
            case _:
                assert_never(event)

    def _ended(self, record: Record, event: ObjectEnded) -> None:
        record.ended, record.outcome = event, event.outcome
        record.ready_at = event.at if event.ready else None
        if event.outcome is Outcome.SKIPPED:
            standing = Standing.SKIPPED
        elif not record.is_accepted or record.was_given_up:
            standing = Standing.FAILED
        else:
            standing = Standing.DONE
        self._put(record, standing)

    def _move(self, record: Record, standing: Standing) -> None:
        if record.standing not in FINAL:
            self._put(record, standing)

    def _put(self, record: Record, standing: Standing) -> None:
        self._standings[record.standing] -= 1
        self._standings[standing] += 1
        record.standing = standing
