"""`rebuild apply`: rebuild a source on a cluster that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rebuild.cli import helping, options
from rebuild.ops import sources
from rebuild.ops.sources import SourceOptions
from rebuild.system import memory

_EPILOG = """\b
Examples:
  rebuild apply . --path clusters/prod --context staging
  rebuild apply https://git.example.com/env.git --ref v1.4 --context staging --yes
  rebuild apply . --path clusters/prod --context staging --dry-run
  rebuild apply . --path clusters/prod --context staging --recreate job
  rebuild apply . --path clusters/prod --context staging --rules rules.yaml --stable-for 2m
\b
Exit codes: 0 done and verified · 1 the answer is no · 2 usage or unreadable input
  3 refused by a guard · 4 did not reach its end · 5 source or target unreachable
"""


@click.command(
    "apply",
    cls=helping.Command,
    epilog=_EPILOG,
)
@click.argument("location", metavar="SOURCE")
@options.source
@options.target
@options.limits
@options.recreate
@options.rules
@options.stability
@click.option("--dry-run", is_flag=True, help="Show what would be done on this cluster, and write nothing.")
@click.option("-y", "--yes", is_flag=True, help="Write to a cluster that is not fresh without asking.")
@options.output("table", "json", "yaml")
@options.report
def command(
    location: str, ref: str, path: str, additions: tuple[Path, ...], namespace: str | None, **flags: Any
) -> int:
    """Write what SOURCE declares to the cluster of --context, in dependency order, and verify every object.

    Deletes nothing but what --recreate allows. Fields that others own are left to them, and a conflict is reported. A
    second run writes only what has changed.
    """
    asked = SourceOptions(location, ref, path, namespace or "default", additions)
    with sources.ahead(asked) as read:
        # Imported late, as it takes as long as reading a source, which is under way by now.
        from rebuild.cli import applying

        memory.keep_what_is_loaded()
        return applying.carry_out(asked, read, **flags)
