"""An audit for people: what keeps the environment from being rebuilt, the worst first."""

from __future__ import annotations

from typing import TextIO

from rebuild.console.drifting import print_ignored, print_section, print_unchecked
from rebuild.console.tables import print_table
from rebuild.model.gaps import GapKind
from rebuild.report.audit import FORMULA, AuditReport

_TITLES = {
    GapKind.DATA: "Data that is not in Git",
    GapKind.SECRET: "Secrets without a source",
    GapKind.UNDECLARED: "Runs or is used, and nobody declares it",
    GapKind.CHANGED: "Not as declared",
    GapKind.MISSING: "Declared, and not there",
    GapKind.UNKNOWN: "Could not be looked at",
}


def print_audit(stream: TextIO, report: AuditReport, *, width: int | None = None) -> None:
    """Print it to a stream, as wide as the terminal; the last line, the percentage, is for the caller."""
    for kind, title in _TITLES.items():
        rows = [(str(gap.ref), gap.why, ", ".join(gap.managers)) for gap in report.gaps if gap.kind is kind]
        if rows:
            print_section(stream, title, ("object", "why", "managers"), rows, width=width)
    if report.findings:
        findings = [(one.code, str(one.ref or "-"), one.message, one.next_step) for one in report.findings]
        headers = ("code", "object", "what", "next step")
        print_section(stream, "Outside of the repository", headers, findings, width=width)
    print_unchecked(stream, report.drift, width=width)
    print_ignored(stream, report.drift, width=width)
    print_table(stream, (), (), title=f"Coverage = {FORMULA}", width=width)
