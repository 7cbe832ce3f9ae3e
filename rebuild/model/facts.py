"""What happened, in order: the inputs of the engine, the lines of the journal, the source of the report.

Times are seconds on the run's monotonic clock, which starts at 0 with the run.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from rebuild.model.faults import Fault
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome, Status
from rebuild.model.troubles import Trouble


class TimerKind(StrEnum):
    """What a timer was set for."""

    RETRY = "retry"
    """Try a failed write again."""
    WAKE = "wake"
    """Try a failed write again sooner, because something has happened that may let it pass."""
    HOLD = "hold"
    """Stop waiting for soft gates."""
    DEADLINE = "deadline"
    """One object has had its time."""
    IMAGE = "image"
    """An image could not be had for too long."""
    GRACE = "grace"
    """Somebody had a moment to report another health than the one that is assumed."""
    RELAPSE = "relapse"
    """What was ready and is not any more, when all else is done, has had its time to recover."""
    RUN = "run"
    """The whole run has had its time."""


class Timer(Struct, frozen=True):
    """Names a timer; an object has at most one of each kind, and for each attempt at most one retry and one wake.

    `attempt` is the failed one that a retry or a wake follows; when another has left meanwhile, it means nothing.
    """

    kind: TimerKind
    ref: Ref | None = None
    attempt: int = 0


class WriteAccepted(Struct, frozen=True):
    """The API server took our write, or the object needed none. `version` is the object's resourceVersion.

    `status` is its health where the answer tells all of it: of kinds that have a readiness, only a watch does.
    """

    ref: Ref
    outcome: Outcome
    version: int
    sent_at: float
    at: float
    status: Status | None = None


class WriteFailed(Struct, frozen=True):
    """A write was refused or got no answer. `chance` in [0, 1) is drawn at the edge and jitters the retry."""

    ref: Ref
    fault: Fault
    chance: float
    sent_at: float
    at: float


class HealthSeen(Struct, frozen=True):
    """An object was seen live in this health, at this resourceVersion."""

    ref: Ref
    status: Status
    version: int
    at: float


class TroubleSeen(Struct, frozen=True):
    """The worst that keeps a Pod of this workload from running is now this, or nothing any more."""

    ref: Ref
    trouble: Trouble | None
    at: float


class TimerFired(Struct, frozen=True):
    """A timer that the engine asked for has run down."""

    timer: Timer
    at: float


class StopAsked(Struct, frozen=True):
    """Somebody wants the run to end: finish what is in flight, begin nothing new."""

    reason: str
    at: float


class GapClock(StrEnum):
    """What told how long nobody carried out the run."""

    MACHINE = "machine"
    """The machine's own seconds since it was started, which nobody sets."""
    WALL = "wall"
    """The wall clock, since the machine was started anew: right as long as nobody set it meanwhile."""
    NONE = "none"
    """Nothing: the wall clock stands before the last event. The gap counts as no time, and so nothing is measured."""


class Process(Struct, frozen=True):
    """Who carries out a run: `id` is PID@START, `boot` names the time from one start of the machine to the next, and
    `uptime` is the seconds of that time which had passed."""

    id: str
    user: str
    host: str
    boot: str
    uptime: float


class RunResumed(Struct, frozen=True):
    """Another process goes on: no timer runs, answers that were on their way are lost, and what was seen may be past.

    `since` is the time of the last event before, `started` the wall clock now.
    """

    since: float
    clock: GapClock
    started: str
    process: Process
    at: float


Fact: TypeAlias = WriteAccepted | WriteFailed | HealthSeen | TroubleSeen | TimerFired | StopAsked | RunResumed
