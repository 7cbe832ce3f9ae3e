"""What went wrong, told to a person: one cause, the offending value, one next step, and the exit code for it."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress

import click

from rebuild.cli.stopping import HungUp, Terminated
from rebuild.model.errors import Defect, DiskTrouble, Exit, InvalidBlueprint, RebuildError, UsageError


def explain(error: BaseException) -> int:
    """Write the cause to stderr and return the exit code."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            return _tell(UsageError(error.format_message(), hint=_help_of(error)))
        case Terminated():
            _say("terminated")
            return int(Exit.TERMINATED)
        case HungUp():
            _say("hung up")
            return int(Exit.HUNG_UP)
        case KeyboardInterrupt() | click.Abort():
            _say("interrupted")
            return int(Exit.INTERRUPTED)
        case InvalidBlueprint():
            for finding in error.findings:
                _say(str(finding))
            return _tell(error)
        case RebuildError():
            return _tell(error)
        case BrokenPipeError() | SystemExit():
            # Whoever read our output has gone, which click and rich take for a reason to leave the process.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return int(Exit.UNREAD)
        case OSError() if error.errno:
            return _tell(_disk(error))
    return _internal(error)


def _tell(error: RebuildError) -> int:
    """The cause with its code, the next step, and the exit code."""
    _say(f"{error} [{error.code}]", label="error: ")
    if error.hint:
        _say(error.hint, label="hint: ")
    return int(error.exit)


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"see `{context.command_path} --help`" if context else "see `rebuild --help`"


def _disk(error: OSError) -> DiskTrouble:
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the output"
    return DiskTrouble(
        f"{place}: {error.strerror}", hint="make room there, or name a place that can be written: see `rebuild doctor`"
    )


def _internal(error: BaseException) -> int:
    if os.environ.get("REBUILD_DEBUG"):
        traceback.print_exception(error)
    return _tell(
        Defect(
            f"this should not have happened: {type(error).__name__}: {error}",
            hint="run it again with REBUILD_DEBUG=1 and report what it prints",
        )
    )


def _say(text: str, *, label: str = "") -> None:
    from rebuild.console.safe import clean

    first, *others = text.splitlines() or [""]
    # With its terminal gone there is nobody to tell, and the exit code says it all the same.
    with suppress(OSError):
        click.echo(f"{label}{clean(first)}", err=True)
        for line in others:
            click.echo(f"  {clean(line)}", err=True)
