"""How long the recovery took: one definition, stated once.

The recovery time runs on the wall from the begin of the first counted phase to the end of the last one, less the
uncounted phases between them. Pauses between phases count, since somebody waited for them. Phases follow each other;
an uncounted one may lie within a counted one and is then taken out of it, never the other way round. Whether the clock
may be read at all (it stops at a passed verification) is for `verdict` to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from rebuild.report.ledger import Phase


def seconds(phases: Sequence[Phase]) -> float | None:
    """The recovery time in seconds, or None when no phase counts or a counted one did not end."""
    counted = [phase for phase in phases if phase.counted]
    ends = [phase.ended for phase in counted if phase.ended is not None]
    if not counted or len(ends) < len(counted):
        return None
    begin, end = min(phase.began for phase in counted), max(ends)
    uncounted = sum(_overlap(phase, begin, end) for phase in phases if not phase.counted)
    return end - begin - uncounted


def _overlap(phase: Phase, begin: float, end: float) -> float:
    ended = end if phase.ended is None else min(phase.ended, end)
    return max(0.0, ended - max(phase.began, begin))
