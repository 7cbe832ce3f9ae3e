"""`rebuild doctor`: what this machine has of what rebuild needs."""

from __future__ import annotations

import click
from msgspec.structs import asdict

from rebuild.cli import finish, options
from rebuild.ops.doctor import checks


@click.command("doctor")
@options.output("table", "json", "yaml")
def command(form: str) -> int:
    """Check programs, directories and the lab. Exits with 1 when something that a drill needs is missing.

    A missing Go or lab is no failure: the first drill brings them.
    """
    found = list(checks())
    if form == "table":
        rows = [("ok" if c.ok else "missing", c.name, c.found, c.next_step) for c in found]
        finish.table(("state", "check", "found", "next step"), rows)
    else:
        finish.data([asdict(check) for check in found], form)
    return 0 if all(check.ok for check in found if check.required) else 1
