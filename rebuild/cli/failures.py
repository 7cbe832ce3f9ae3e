"""What went wrong, told to a person: one cause, the offending value, one next step, and the exit code for it."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress

import click

from rebuild.cli import stopping
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
            return _stopped("terminated", error, Exit.TERMINATED)
        case HungUp():
            return _stopped("hung up", error, Exit.HUNG_UP)
        case KeyboardInterrupt() | click.Abort():
            return _stopped("interrupted", error, Exit.INTERRUPTED)
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
    """The cause with its code, what else has to be known, the next step, and the exit code."""
    _say(f"{error} [{error.code}]", label="error: ")
    _add(error)
    if error.hint:
        _say(error.hint, label="hint: ")
    return int(stopping.exit_code(error.exit))


def _stopped(how: str, error: BaseException, code: Exit) -> int:
    _say(how)
    _add(error)
    return int(code)


def _add(error: BaseException) -> None:
    """What those who passed the error on had to add to it, or to what it interrupted."""
    told: list[str] = []
    passed: BaseException | None = error
    while passed is not None:
        told += getattr(passed, "__notes__", ())
        passed = passed.__context__
    for note in dict.fromkeys(told):
        _say(note)


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
