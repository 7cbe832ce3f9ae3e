"""Earlier runs, folded again from their journals, for `runs` and `report`. Needs no cluster and no source."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from rebuild.journal import reading
from rebuild.model.errors import UsageError
from rebuild.ops.unfinished import JOURNAL, UnknownRun, obstacle, runs_root
from rebuild.report.ledger import Ledger
from rebuild.system import processes


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    """Its process lives."""
    COMPLETE = "complete"
    """It has reached its end, whatever its answer was."""
    RESUMABLE = "resumable"
    """It was cut short, and `resume` goes on with it."""
    INTERRUPTED = "interrupted"
    """It was cut short, and nobody can go on with it."""
    DAMAGED = "damaged"
    """Its journal cannot be read, or is not as it was written."""


class Past(Struct, frozen=True):
    """An earlier run; `ledger` is None where its journal cannot be read.

    `problem` says why, or why nobody can go on with a run that was cut short.
    """

    name: str
    state: RunState
    ledger: Ledger | None
    problem: str = ""


def runs() -> Iterator[Past]:
    """The runs that left a journal in the state directory, the oldest first."""
    for journal in sorted(runs_root().glob(f"*/{JOURNAL}")):
        name = journal.parent.name
        try:
            ledger = _fold(journal)
        except UsageError as error:
            yield Past(name, RunState.DAMAGED, None, str(error))
            continue
        yield _judged(name, ledger)


def find(which: str) -> Ledger:
    """All that a run recorded, by its name or by its journal's path.

    Raises:
        UnknownRun: when there is neither.
        UsageError: when the journal is damaged or cannot be read.
    """
    named = runs_root() / which / JOURNAL
    path = named if Path(which).name == which and named.is_file() else Path(which)
    if not path.is_file():
        raise UnknownRun(f"there is no run and no journal {which!r}", hint="`rebuild runs` lists the runs")
    ledger = _fold(path)
    if ledger.run is None:
        raise UnknownRun(f"{path} records no run", hint="`rebuild runs` lists the runs")
    return ledger


def _judged(name: str, ledger: Ledger) -> Past:
    if ledger.end and ledger.end.complete:
        return Past(name, RunState.COMPLETE, ledger)
    last = ledger.resumed[-1].process if ledger.resumed else ledger.run.process if ledger.run else None
    if ledger.end is None and last and processes.still_runs(last):
        return Past(name, RunState.RUNNING, ledger)
    why = obstacle(ledger)
    return Past(name, RunState.INTERRUPTED if why else RunState.RESUMABLE, ledger, why)


def _fold(path: Path) -> Ledger:
    ledger = Ledger()
    for event in reading.read(path):
        ledger.add(event)
    return ledger
