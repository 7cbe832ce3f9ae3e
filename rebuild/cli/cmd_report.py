"""`rebuild report`: what an earlier run found, again."""

from __future__ import annotations

from typing import Any

import click

from rebuild.cli import finish, helping, options
from rebuild.ops import history
from rebuild.ops.history import Past
from rebuild.report.verdict import verdict

_EPILOG = """\b
Examples:
  rebuild report
  rebuild report 20260102T030405Z-1a2b3c
  rebuild report journal.jsonl -o json > report.json
\b
Exit codes: 0 shown, whatever the run's own answer was · 2 no such run, or a damaged journal
"""


@click.command("report", cls=helping.Command, epilog=_EPILOG)
@click.argument("which", metavar="[RUN_OR_FILE]", required=False, default="")
@options.output("table", "json", "yaml")
def command(which: str, form: str) -> int:
    """Show the report of an earlier run, from its journal; without RUN_OR_FILE, list the runs of this machine.

    The journal is proven to be whole: each of its lines bears the digest of the line before it. The seconds of the
    list are the recovery time, where the run measured one.
    """
    if which:
        finish.show(history.find(which), form=form)
        return 0
    rows = [_row(past) for past in history.runs()]
    if form == "table":
        finish.table(("run", "verb", "verdict", "seconds"), map(_cells, rows))
    else:
        finish.data(rows, form)
    return 0


def _row(past: Past) -> dict[str, Any]:
    answer = verdict(past.ledger) if past.ledger else None
    seconds = answer.recovery_seconds if answer else None
    return {
        "run": past.name,
        "verb": past.ledger.verb if past.ledger else None,
        "verdict": answer.word.value if answer else None,
        "seconds": None if seconds is None else round(seconds, 3),
        "problem": past.problem or None,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = "-" if row["seconds"] is None else f"{row['seconds']:.1f}"
    return row["run"], row["verb"] or "-", row["verdict"] or "unreadable", seconds
