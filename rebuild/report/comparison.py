"""One drill on several targets, side by side: what each of them adds to the time of the one before. Pure.

Times that one target has no counterpart for are shown and not compared: a stage that kind reports and kwok does not
is no stage that took nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from rebuild.model.refs import Ref
from rebuild.report import fidelity, to_json
from rebuild.report.ledger import Ledger, Phase
from rebuild.report.verdict import verdict

SCHEMA_VERSION = "rebuild.dev/report-comparison/v1alpha1"
_SHOWN = 12
"""Kinds of objects that the text names; the document has all."""
_WORTH_NAMING = 0.5
"""Seconds of difference that a kind has to have for that."""

Runs: TypeAlias = Mapping[str, Ledger]
"""The runs by the name of their provider, in the order in which they were made."""


class Row(Struct, frozen=True):
    """One time on each target, None where it was not measured there."""

    name: str
    seconds: tuple[float | None, ...]
    objects: int = 0
    """How many objects it is the longest time of; 0 where it is about none."""
    counted: bool = True
    """Whether it is part of the recovery time."""
    part: bool = False
    """Whether it is a stage of the phase above it."""

    @property
    def difference(self) -> float | None:
        """What the last target takes longer than the first, where both were measured."""
        measured = [each for each in self.seconds if each is not None]
        return measured[-1] - measured[0] if len(measured) == len(self.seconds) > 1 else None


def exit_code(runs: Runs) -> int:
    """That of the run that ended worst."""
    return max((int(verdict(ledger).exit) for ledger in runs.values()), default=0)


def document(runs: Runs) -> dict[str, Any]:
    """The comparison with the whole reports in it; lists of times are in the order of the reports."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "providers": list(runs),
        "exit": {"code": exit_code(runs)},
        "recovery": _as_json(recovery(runs)),
        "phases": [{**_as_json(row), "counted": row.counted, "isStage": row.part} for row in phases(runs)],
        "kinds": [{**_as_json(row), "objects": row.objects} for row in kinds(runs)],
        "reports": [to_json.document(ledger) for ledger in runs.values()],
    }


def lines(runs: Runs) -> list[str]:
    """The comparison for people; nothing where there is nothing to compare."""
    if len(runs) < 2:
        return []
    told = [recovery(runs), *(row for row in phases(runs) if not _is_trivial(row))]
    slow = [row for row in kinds(runs) if abs(row.difference or 0.0) >= _WORTH_NAMING][:_SHOWN]
    tables = [("Comparison", told), ("Time to ready, the longest of each kind", slow)]
    tables = [(title, rows) for title, rows in tables if rows]
    width = max(len(text) for title, rows in tables for text in (title, *map(_label, rows)))
    shown = [line for title, rows in tables for line in _table(title, runs, rows, width)]
    return [*shown, *_beyond(list(runs))]


def recovery(runs: Runs) -> Row:
    """The recovery times."""
    return Row("recovery", tuple(verdict(ledger).recovery_seconds for ledger in runs.values()))


def phases(runs: Runs) -> Iterator[Row]:
    """Each phase, followed by its stages."""
    for name in _ordered([[phase.name for phase in ledger.phases] for ledger in runs.values()]):
        found = [_phase(ledger, name) for ledger in runs.values()]
        counted = any(phase.counted for phase in found if phase)
        yield Row(name, tuple(phase.seconds if phase else None for phase in found), counted=counted)
        stages = [{stage.name: stage.seconds for stage in phase.stages} if phase else {} for phase in found]
        for stage in _ordered([list(each) for each in stages]):
            yield Row(stage, tuple(each.get(stage) for each in stages), counted=counted, part=True)


def kinds(runs: Runs) -> list[Row]:
    """The longest time from the first write to being ready among the objects of each kind, the greatest difference
    first."""
    times = [_times(ledger) for ledger in runs.values()]
    refs: dict[str, set[Ref]] = {}
    for ref in (ref for each in times for ref in each):
        refs.setdefault(f"{ref.kind}.{ref.group}" if ref.group else ref.kind, set()).add(ref)
    rows = [
        Row(kind, tuple(max((each[ref] for ref in found if ref in each), default=None) for each in times), len(found))
        for kind, found in refs.items()
    ]
    return sorted(rows, key=lambda row: (-(row.difference or 0.0), row.name))


def _times(ledger: Ledger) -> dict[Ref, float]:
    return {
        ref: record.ready_at - record.intended_at
        for ref, record in ledger.objects.items()
        if record.ready_at is not None and record.intended_at is not None
    }


def _phase(ledger: Ledger, name: str) -> Phase | None:
    return next((phase for phase in ledger.phases if phase.name == name), None)


def _ordered(lists: Sequence[Sequence[str]]) -> list[str]:
    """Every name once: in the order of the longest list, then what only others have."""
    return list(dict.fromkeys(name for names in sorted(lists, key=len, reverse=True) for name in names))


def _is_trivial(row: Row) -> bool:
    return all(seconds is not None and round(seconds, 1) == 0 for seconds in row.seconds)


def _as_json(row: Row) -> dict[str, Any]:
    rounded = [None if each is None else round(each, 3) for each in row.seconds]
    difference = None if row.difference is None else round(row.difference, 3)
    return {"name": row.name, "seconds": rounded, "difference": difference}


def _table(title: str, runs: Runs, rows: Sequence[Row], width: int) -> Iterator[str]:
    yield f"{title:<{width}}" + "".join(f"{name:>12}" for name in (*runs, "difference"))
    yield from (f"{_label(row):<{width}}{_cells(row)}".rstrip() for row in rows)


def _label(row: Row) -> str:
    note = f" ({row.objects})" if row.objects else "" if row.counted or row.part else " (not counted)"
    return f"  {'  ' * row.part}{row.name}{note}"


def _cells(row: Row) -> str:
    cells = ["" if each is None else f"{each:.1f} s" for each in row.seconds]
    cells.append("" if row.difference is None else f"{row.difference:+.1f} s")
    return "".join(f"{cell:>12}" for cell in cells)


def _beyond(names: Sequence[str]) -> Iterator[str]:
    """What the last target proves and the first does not."""
    first, last = (fidelity.of(name) for name in (names[0], names[-1]))
    more = [each for each in last.proves if each not in first.proves]
    if more:
        yield f"{names[-1]} proves beyond {names[0]}: {'; '.join(more)}"
