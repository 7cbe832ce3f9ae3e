"""One run of one verb: its identity, its clock, and everybody who is told what happens.

The journal comes first and may stop the run; the ledger folds; the view is cosmetic and comes last.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from rebuild import __version__
from rebuild.journal.file import Journal, JournalBroken
from rebuild.model.events import Event, PhaseBegan, PhaseEnded, Planned, RunEnded, RunStarted, StageEnded
from rebuild.model.findings import Finding
from rebuild.report.ledger import Ledger
from rebuild.runner.clock import RunClock
from rebuild.system import clock, places

JOURNAL = "journal.jsonl"


def runs_root() -> Path:
    """Where the durable records of runs stand: a directory for each, of its name."""
    return places.state_root() / "runs"


class Listener(Protocol):
    """Is shown every event; must not raise."""

    def event(self, event: Event) -> None:
        """Show what happened."""


class Run:
    """Tells everybody what happens. Made once per command that touches a cluster."""

    def __init__(
        self, verb: str, *, listener: Listener, objective: float = 0.0, stable: float = 0.0, durable: bool = True
    ) -> None:
        """Open the run's journal and say that the run has started.

        Args:
            verb: what is run.
            listener: who is shown the events.
            objective: the recovery time objective in seconds, 0 where there is none.
            stable: for how many seconds what came back has to stay.
            durable: whether a journal is kept; what writes to a cluster needs one.

        Raises:
            JournalBroken: when the journal cannot be created.
        """
        started = clock.now()
        self.name = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self.key = secrets.token_bytes(32)
        """Keys the digests that stand for confidential values; kept nowhere."""
        self.now = RunClock()
        self.ledger = Ledger()
        self._listener = listener
        self._journal = Journal(self.directory / JOURNAL) if durable else None
        stamp = started.isoformat(timespec="seconds").replace("+00:00", "Z")
        self.record(RunStarted(self.name, verb, __version__, stamp, objective, stable))

    @property
    def directory(self) -> Path:
        """Where the durable record of the run stands."""
        return runs_root() / self.name

    def record(self, event: Event) -> None:
        """Write the event down, then tell the others.

        Raises:
            JournalBroken: when it cannot be written down.
        """
        if self._journal:
            self._journal.append(event)
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Show the event to those who fold it, without writing it down."""
        self.ledger.add(event)
        self._listener.event(event)

    def sync(self) -> None:
        """Make what was recorded durable."""
        if self._journal:
            self._journal.sync()

    @contextmanager
    def phase(self, name: str, *, counted: bool = True) -> Iterator[None]:
        """A stretch of the run; one that is left by an exception does not end."""
        self.record(PhaseBegan(name, counted, self.now()))
        yield
        self.record(PhaseEnded(name, self.now()))

    def stage(self, name: str, seconds: float) -> None:
        """A part of the phase that lasts is over."""
        self.record(StageEnded(name, seconds, self.now()))

    def end(self, *, complete: bool, reason: str = "", exit_code: int = 0) -> None:
        """Say why the run is over, and close its journal."""
        self.record(RunEnded(complete, reason, self.now(), exit_code))
        if self._journal:
            self._journal.close()

    def abandon(self, reason: str, exit_code: int, *, findings: Sequence[Finding] = ()) -> None:
        """The run cannot go on: say so, with the findings that are why, wherever that is still possible."""
        last: list[Event] = [RunEnded(False, reason, self.now(), exit_code)]
        if findings:
            last.insert(0, Planned((), (), tuple(findings), (), self.now()))
        for event in last:
            if self._journal:
                with suppress(JournalBroken):
                    self._journal.append(event)
            self.tell(event)
        if self._journal:
            with suppress(JournalBroken):
                self._journal.close()
