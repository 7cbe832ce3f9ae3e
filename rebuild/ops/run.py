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
from rebuild.model.events import ApplyAsked, Event, PhaseBegan, PhaseEnded, Planned, RunEnded, RunStarted, StageEnded
from rebuild.model.facts import RunResumed
from rebuild.model.findings import Finding
from rebuild.ops import experience
from rebuild.ops.unfinished import JOURNAL, KEY, Unfinished, runs_root
from rebuild.report.ledger import Ledger
from rebuild.runner.clock import RunClock
from rebuild.system import clock, files, processes


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
        """Keys the digests that stand for confidential values."""
        self.now = RunClock()
        self.ledger = Ledger()
        self._listener = listener
        self._journal = Journal(self.directory / JOURNAL) if durable else None
        process = processes.this() if durable else None
        self.record(RunStarted(self.name, verb, __version__, clock.stamp(started), objective, stable, process))

    @classmethod
    def resumed(cls, unfinished: Unfinished, *, listener: Listener) -> Run:
        """Go on with a run that another process began: on its clock, in its journal, with its key.

        Raises:
            JournalBroken: when the journal cannot be written.
        """
        process, started = processes.this(), clock.now()
        at, told_by = unfinished.bridged(process, started)
        run = cls.__new__(cls)
        run.name, run.key = unfinished.name, unfinished.key
        run.now, run.ledger = RunClock(at), unfinished.ledger
        run._listener = listener
        run._journal = Journal(run.directory / JOURNAL, unfinished.place)
        run.record(RunResumed(unfinished.last, told_by, clock.stamp(started), process, at))
        return run

    @property
    def directory(self) -> Path:
        """Where the durable record of the run stands."""
        return runs_root() / self.name

    def ask(self, asked: ApplyAsked) -> None:
        """Record what it takes to go on with the run, and keep its key until it has reached its end.

        Raises:
            JournalBroken: when that is not possible.
        """
        try:
            files.write_new(self.directory / KEY, self.key)
        except OSError as error:
            raise JournalBroken(
                f"{self.directory / KEY} cannot be written: {error.strerror}",
                hint="make room or set REBUILD_STATE_DIR to a directory that can be written",
            ) from error
        self.record(asked)

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
        if complete:
            if self._journal:
                experience.keep(self.directory, self.ledger)
            with suppress(OSError):
                (self.directory / KEY).unlink(missing_ok=True)

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
