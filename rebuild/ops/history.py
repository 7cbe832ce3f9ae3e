"""The verb `report`: earlier runs, folded again from their journals. Needs no cluster and no source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rebuild.journal import reading
from rebuild.model.errors import UsageError
from rebuild.ops import run
from rebuild.report.ledger import Ledger


class UnknownRun(UsageError):
    """Neither a run of this machine nor a journal has this name, or it ended before it began to record."""

    code: ClassVar[str] = "unknown-run"


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier run; `ledger` is None where its journal cannot be read, for the `problem`."""

    name: str
    ledger: Ledger | None
    problem: str = ""


def runs() -> Iterator[Past]:
    """The runs that left a journal in the state directory, the oldest first."""
    for journal in sorted(run.runs_root().glob(f"*/{run.JOURNAL}")):
        name = journal.parent.name
        try:
            yield Past(name, _fold(journal))
        except UsageError as error:
            yield Past(name, None, str(error))


def find(which: str) -> Ledger:
    """All that a run recorded, by its name or by its journal's path.

    Raises:
        UnknownRun: when there is neither.
        UsageError: when the journal is damaged or cannot be read.
    """
    named = run.runs_root() / which / run.JOURNAL
    path = named if Path(which).name == which and named.is_file() else Path(which)
    if not path.is_file():
        raise UnknownRun(f"there is no run and no journal {which!r}", hint="`rebuild report` lists the runs")
    ledger = _fold(path)
    if ledger.run is None:
        raise UnknownRun(f"{path} records no run", hint="`rebuild report` lists the runs")
    return ledger


def _fold(path: Path) -> Ledger:
    ledger = Ledger()
    for event in reading.read(path):
        ledger.add(event)
    return ledger
