"""Drift for people: each place on a line of its own, who stands behind it, and what the answer does not cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rebuild.console.tables import print_table
from rebuild.model.drift import Authorship, Drift, DriftKind
from rebuild.model.wording import counted
from rebuild.report.drift import DriftReport, by_manager

LONGEST = 120
"""Characters of a value that are shown; the JSON document has it whole."""
_HEADERS = ("object", "path", "declared", "live", "manager", "last write of this manager", "user", "declared by")
_TITLES = {
    DriftKind.MISSING: "Missing: declared, and not there",
    DriftKind.CHANGED: "Changed: a declared field differs",
    DriftKind.FOREIGN: "Foreign: added by others, and not declared",
    DriftKind.UNMANAGED: "Unmanaged: no commit declares it, and no controller owns it",
}


def print_drift(stream: TextIO, report: DriftReport, *, width: int | None = None) -> None:
    """Print it to a stream, as wide as the terminal; the last line, the answer, is for the caller."""
    for kind, title in _TITLES.items():
        rows = [row(one) for one in report.drift if one.kind is kind]
        if rows:
            print_section(stream, title, _HEADERS, rows, width=width)
    managers = [
        (one.manager or "(nobody owns it now)", one.actor.value, str(one.lines), one.last_write, ", ".join(one.users))
        for one in by_manager(report.drift)
    ]
    if managers:
        headers = ("manager", "looks like", "places", "last write of this manager", "users")
        print_section(stream, "Who", headers, managers, width=width)
    print_unchecked(stream, report, width=width)
    if report.left_out:
        title = f"No drift: {counted(report.left_out.total(), 'object')} that nobody has to declare"
        rows = [(why, str(number)) for why, number in report.left_out.most_common()]
        print_section(stream, title, ("why", "objects"), rows, width=width)
    if report.owned:
        print_table(stream, (), (), title=f"No drift: {counted(len(report.owned), 'field')} that controllers set")
    print_ignored(stream, report, width=width)


def print_unchecked(stream: TextIO, report: DriftReport, *, width: int | None = None) -> None:
    """What the answer does not cover."""
    rows = [(one.what, one.why) for one in report.unchecked]
    if rows:
        print_section(stream, "Not checked", ("what", "why"), rows, width=width)


def print_ignored(stream: TextIO, report: DriftReport, *, width: int | None = None) -> None:
    """What rules hide, and the notes."""
    rows = [(str(one.ref), one.path, rule.reason, rule.owner, rule.place) for one, rule in report.ignored]
    if rows:
        print_section(stream, "Ignored by a rule", ("object", "path", "reason", "owner", "rule"), rows, width=width)
    for note in report.notes:
        print_table(stream, (), (), title=f"Note: {note}", width=width)


def print_section(
    stream: TextIO, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None
) -> None:
    """A title, its table, and a blank line."""
    print_table(stream, headers, rows, title=title, width=width)
    stream.write("\n")


def row(drift: Drift) -> tuple[str, ...]:
    """One line of drift as the cells of a table."""
    managers = ", ".join(f"{write} {write.operation}" for write in drift.writes)
    users = ", ".join(drift.users)
    return (
        str(drift.ref),
        drift.path,
        _short(drift.declared),
        _short(drift.live),
        f"{managers} ({drift.writes[0].actor})" if drift.writes else "-",
        drift.writes[0].time if drift.writes else "-",
        users if drift.is_certain or not users else f"{users} (last write)",
        _declared_by(drift),
    )


def _declared_by(drift: Drift) -> str:
    if drift.declared_by:
        place = f" ({drift.origin.path}:{drift.declared_by.line})" if drift.origin else ""
        return f"{_commit(drift.declared_by)}{place}"
    return f"{drift.origin} ({drift.origin.provenance}, no history)" if drift.origin else "-"


def _commit(found: Authorship) -> str:
    earlier = " or earlier" if found.oldest else ""
    return f"{found.commit[:12]}{earlier} {found.author}, {found.date}"


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
