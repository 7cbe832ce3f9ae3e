"""`rebuild report`: what an earlier run found, again."""

from __future__ import annotations

import click

from rebuild.cli import finish, helping, options
from rebuild.ops import history

_EPILOG = """\b
Examples:
  rebuild report 20260102T030405Z-1a2b3c
  rebuild report journal.jsonl -o json > report.json
\b
Exit codes: 0 shown, whatever the run's own answer was · 2 no such run, or a damaged journal
"""


@click.command("report", cls=helping.Command, epilog=_EPILOG)
@click.argument("which", metavar="RUN_OR_FILE")
@options.output("table", "json", "yaml")
def command(which: str, form: str) -> int:
    """Show the report of an earlier run, from its journal; `rebuild runs` lists the runs of this machine.

    The journal is proven to be whole: each of its lines bears the digest of the line before it.
    """
    finish.show(history.find(which), form=form)
    return 0
