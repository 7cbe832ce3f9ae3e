"""What earlier runs of the same source measured, so that a plan expects what happened.

A run that reaches its end leaves that beside its journal, from which it would take seconds to read it. Only runs on the
same sort of target count. A file that is damaged, unreadable or of another version teaches nothing and hinders nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from rebuild.graph import estimates
from rebuild.graph.estimates import Estimates
from rebuild.model.errors import UsageError
from rebuild.model.events import SourceRead
from rebuild.model.refs import Ref
from rebuild.ops.unfinished import runs_root
from rebuild.report.ledger import Ledger
from rebuild.system import encoding, files

MEASURED = "measured.json"
RUNS = 5
"""The newest runs that are learned from."""
LOOKED_AT = 50
"""The newest runs that are looked at."""


class Measured(Struct, frozen=True, forbid_unknown_fields=True):
    """What one run measured: seconds from the accepted write of each awaited object until it was READY."""

    repository: str
    path: str
    fidelity: str
    seconds: dict[str, float]
    """By the text of its ref."""


def keep(run: Path, ledger: Ledger) -> None:
    """Leave what a run measured in its directory, if it measured something and there is room for it."""
    seconds = {
        str(ref): max(record.ready_at - record.accepted_at, 0.0)
        for ref, record in ledger.objects.items()
        if record.plan.awaited and record.accepted_at is not None and record.ready_at is not None
    }
    if seconds and ledger.source and ledger.target:
        measured = Measured(ledger.source.repository, ledger.source.path, ledger.target.fidelity, seconds)
        with suppress(OSError):
            files.write(run / MEASURED, encoding.as_json(measured))


def of(source: SourceRead, *, fidelity: str = "") -> Estimates:
    """What the newest runs of this source teach.

    Args:
        source: what is planned; its repository and path have to be the same.
        fidelity: that of the target, since simulated nodes are no measure for real ones; of the newest run if empty.
    """
    found: list[Mapping[Ref, float]] = []
    for measured in _runs():
        if (measured.repository, measured.path) != (source.repository, source.path):
            continue
        fidelity = fidelity or measured.fidelity
        if measured.fidelity == fidelity:
            with suppress(ValueError):
                found.append({Ref.parse(ref): seconds for ref, seconds in measured.seconds.items()})
        if len(found) == RUNS:
            break
    return estimates.learned(found)


def _runs() -> Iterator[Measured]:
    """What the newest runs measured, the newest first."""
    try:
        left = sorted(runs_root().glob(f"*/{MEASURED}"), reverse=True)[:LOOKED_AT]
    except (UsageError, OSError):
        # A plan needs no state.
        return
    for path in left:
        with suppress(OSError, ValueError):
            yield msgspec.json.decode(path.read_bytes(), type=Measured)
