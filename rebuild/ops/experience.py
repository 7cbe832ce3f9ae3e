"""What earlier runs of the same source measured, read back from their journals, so that a plan expects what happened.

Only runs that reached their end count, on the same sort of target. A journal that is damaged, unreadable or of another
version teaches nothing and hinders nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rebuild.graph import estimates
from rebuild.graph.estimates import Estimates
from rebuild.journal import reading
from rebuild.model.errors import UsageError
from rebuild.model.events import SourceRead, TargetBound
from rebuild.model.refs import Ref
from rebuild.ops import unfinished
from rebuild.report.ledger import Ledger

RUNS = 5
"""The newest runs that are learned from."""
LOOKED_AT = 50
"""The newest journals of which at least the beginning is read."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a journal; reading a larger one takes longer than it is worth."""


def of(source: SourceRead, *, fidelity: str = "") -> Estimates:
    """What the newest runs of this source teach.

    Args:
        source: what is planned; its repository and path have to be the same.
        fidelity: that of the target, since simulated nodes are no measure for real ones; of the newest run if empty.
    """
    found: list[Mapping[Ref, float]] = []
    for ledger in _runs(source, fidelity):
        if ledger.target is None or ledger.target.fidelity != (fidelity or ledger.target.fidelity):
            continue
        fidelity = ledger.target.fidelity
        measured = _measured(ledger)
        if measured:
            found.append(measured)
        if len(found) == RUNS:
            break
    return estimates.learned(found)


def _runs(source: SourceRead, fidelity: str) -> Iterator[Ledger]:
    """The runs of a source that reached their end, the newest first."""
    for journal in _journals():
        try:
            ledger = _fold(journal, source, fidelity)
        except (UsageError, OSError):
            continue
        if ledger.end and ledger.end.complete:
            yield ledger


def _journals() -> list[Path]:
    try:
        return sorted(unfinished.runs_root().glob(f"*/{unfinished.JOURNAL}"), reverse=True)[:LOOKED_AT]
    except (UsageError, OSError):
        # A plan needs no state.
        return []


def _fold(journal: Path, source: SourceRead, fidelity: str) -> Ledger:
    """A run, or as much of it as it takes to see that it is another's."""
    ledger = Ledger()
    if journal.stat().st_size > LARGEST:
        return ledger
    for event in reading.read(journal):
        match event:
            case SourceRead() if (event.repository, event.path) != (source.repository, source.path):
                break
            case TargetBound() if fidelity and event.fidelity != fidelity:
                break
        ledger.add(event)
    return ledger


def _measured(ledger: Ledger) -> Mapping[Ref, float]:
    """Seconds from the accepted write of each awaited object until it was READY."""
    return {
        ref: max(record.ready_at - record.accepted_at, 0.0)
        for ref, record in ledger.objects.items()
        if record.plan.awaited and record.accepted_at is not None and record.ready_at is not None
    }
