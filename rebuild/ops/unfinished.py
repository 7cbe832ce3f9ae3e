"""A run that did not reach its end, read back from its journal: what of it another process needs to go on.

Reads only. Whether and how one goes on is `resume`'s business.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from rebuild import __version__
from rebuild.engine.policy import Policy
from rebuild.journal import reading
from rebuild.journal.reading import Place
from rebuild.model.errors import Refused, UsageError
from rebuild.model.events import ApplyAsked, Event, ObjectEnded, Planned, RunStarted, SourceRead, TargetBound
from rebuild.model.facts import Fact, GapClock, Process
from rebuild.model.refs import Ref
from rebuild.report.ledger import Ledger
from rebuild.system import places

JOURNAL = "journal.jsonl"
KEY = "key"
"""Holds the key of a run's digests from its first write until its end, readable by the user alone."""
_WRITING = "apply"
"""The phase in which a run writes to its cluster."""


class UnknownRun(UsageError):
    """Neither a run of this machine nor a journal has this name, or it ended before it began to record."""

    code: ClassVar[str] = "unknown-run"


class NotResumable(Refused):
    """Nobody can go on with this run: it has ended, wrote nothing yet, or is of another sort or version."""

    code: ClassVar[str] = "not-resumable"


def runs_root() -> Path:
    """Where the durable records of runs stand: a directory for each, of its name."""
    return places.state_root() / "runs"


class Unfinished(Struct, frozen=True):
    """All that a journal tells of a run; `last` is the time of its last event, `place` the end of what is proven."""

    started: RunStarted
    asked: ApplyAsked
    source: SourceRead
    target: TargetBound
    planned: Planned
    key: bytes
    ledger: Ledger
    events: tuple[Event, ...]
    place: Place
    last: float

    @property
    def name(self) -> str:
        """The run's name."""
        return self.started.run

    @property
    def policy(self) -> Policy:
        """The patience that the run began with: replayed facts mean the same only under the same policy."""
        asked = self.asked
        return Policy(
            object_deadline=asked.object_deadline,
            run_deadline=asked.run_deadline,
            soft_hold=asked.soft_hold,
            grace=asked.grace,
            image_patience=asked.image_patience,
            recreate=frozenset((group, kind) for group, _, kind in (each.rpartition("/") for each in asked.recreate)),
        )

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the engine was told, in order."""
        return tuple(event for event in self.events if isinstance(event, Fact))

    @property
    def ended(self) -> frozenset[Ref]:
        """The objects whose end is recorded."""
        return frozenset(event.ref for event in self.events if isinstance(event, ObjectEnded))

    def bridged(self, process: Process, wall: datetime) -> tuple[float, GapClock]:
        """The time of the run at which a process goes on with it, and what tells that.

        Args:
            process: who goes on, and how long its machine has been running.
            wall: what its wall clock shows.
        """
        first = self.started.process
        if first and first.boot and (first.boot, first.host) == (process.boot, process.host):
            return max(process.uptime - first.uptime, self.last), GapClock.MACHINE
        at = (wall - datetime.fromisoformat(self.started.started)).total_seconds()
        return (at, GapClock.WALL) if at >= self.last else (self.last, GapClock.NONE)


def obstacle(ledger: Ledger) -> str:
    """Why nobody can go on with a run, or nothing where somebody can."""
    if ledger.end and ledger.end.complete:
        return "it has reached its end"
    if ledger.verb == "drill":
        return "a drill measures a recovery on a cluster of its own, and one with a gap in it measures nothing"
    if ledger.verb != "apply" or ledger.asked is None:
        return "only an `apply` can be resumed"
    if not any(phase.name == _WRITING for phase in ledger.phases):
        return "it had not begun to write"
    if ledger.run and ledger.run.tool != __version__:
        return f"rebuild {ledger.run.tool} began it, and this is {__version__}, which may decide otherwise"
    return ""


def find(name: str) -> Unfinished:
    """The run of this name.

    Raises:
        UnknownRun: when this machine has no such run.
        NotResumable: when nobody can go on with it.
        UsageError: when its journal is damaged or cannot be read; nothing is changed then.
    """
    home = runs_root() / name
    if Path(name).name != name or not (home / JOURNAL).is_file():
        raise UnknownRun(f"there is no run {name!r}", hint="`rebuild runs` lists those of this machine")
    ledger, events, place = Ledger(), [], Place()
    for event, behind in reading.proven(home / JOURNAL):
        ledger.add(event)
        events.append(event)
        place = behind
    why, hint = obstacle(ledger), _hint(ledger)
    started, asked, source, target, planned = ledger.run, ledger.asked, ledger.source, ledger.target, ledger.plan
    if why or not (started and asked and source and target and planned):
        raise NotResumable(f"the run {name} cannot be resumed: {why or 'its journal lacks its beginning'}", hint=hint)
    try:
        key = (home / KEY).read_bytes()
    except OSError as error:
        raise NotResumable(
            f"the run {name} cannot be resumed: its key {home / KEY} cannot be read: {error.strerror}", hint=hint
        ) from error
    last = max(getattr(event, "at", 0.0) for event in events)
    return Unfinished(started, asked, source, target, planned, key, ledger, tuple(events), place, last)


def _hint(ledger: Ledger) -> str:
    if ledger.verb == "drill":
        return "run the drill again; `rebuild lab list` shows whether its cluster is left"
    if ledger.end and ledger.end.complete:
        return "`rebuild report` shows it; `rebuild apply` begins a new run, which sends only what differs"
    return "`rebuild apply` begins a new run, which sends only what differs"
