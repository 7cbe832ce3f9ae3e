"""`rebuild runs`: the runs of this machine, and which of them can be resumed."""

from __future__ import annotations

from typing import Any

import click

from rebuild.cli import finish, helping, options
from rebuild.ops import history
from rebuild.ops.history import Past
from rebuild.report.verdict import verdict

_EPILOG = """\b
Examples:
  rebuild runs
  rebuild runs -o json
\b
States:
  running      its process lives
  complete     it has reached its end, whatever its answer was
  resumable    it was cut short, and `rebuild resume` goes on with it
  interrupted  it was cut short, and nobody can go on with it
  damaged      its journal cannot be read, or is not as it was written
\b
Exit codes: 0 listed
"""


@click.command("runs", cls=helping.Command, epilog=_EPILOG)
@options.output("table", "json", "yaml")
def command(form: str) -> int:
    """List the runs of `apply` and `drill` on this machine, the oldest first.

    The seconds are the recovery time, where the run measured one. `rebuild report RUN` tells what a run found.
    """
    rows = [_row(past) for past in history.runs()]
    if form == "table":
        finish.table(("run", "verb", "target", "started", "state", "verdict", "seconds"), map(_cells, rows))
    else:
        finish.data(rows, form)
    return 0


def _row(past: Past) -> dict[str, Any]:
    ledger = past.ledger
    answer = verdict(ledger) if ledger else None
    seconds = answer.recovery_seconds if answer else None
    target = ledger.target if ledger else None
    return {
        "run": past.name,
        "verb": ledger.verb if ledger else None,
        "target": {"server": target.server, "uid": target.uid, "provider": target.provider} if target else None,
        "started": ledger.run.started if ledger and ledger.run else None,
        "state": past.state.value,
        "verdict": answer.word.value if answer else None,
        "seconds": None if seconds is None else round(seconds, 3),
        "problem": past.problem or None,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = "-" if row["seconds"] is None else f"{row['seconds']:.1f}"
    server = row["target"]["server"] if row["target"] else "-"
    words = (row["verb"], server, row["started"], row["state"], row["verdict"])
    return row["run"], *(word or "-" for word in words), seconds
