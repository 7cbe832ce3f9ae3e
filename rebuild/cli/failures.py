"""What went wrong, told to a person: one cause, the offending value, one next step, and the exit code for it."""

from __future__ import annotations

import os
import sys
import traceback

import click

from rebuild.cli.stopping import Terminated
from rebuild.model.errors import Exit, InvalidBlueprint, RebuildError


def explain(error: BaseException) -> int:
    """Write the cause to stderr and return the exit code.

    Raises:
        SystemExit: as it came, when a library wants to leave.
    """
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            error.show()
            return int(Exit.USAGE)
        case Terminated():
            _say("terminated")
            return int(Exit.TERMINATED)
        case KeyboardInterrupt() | click.Abort():
            _say("interrupted")
            return int(Exit.INTERRUPTED)
        case InvalidBlueprint():
            for finding in error.findings:
                _say(str(finding))
            _say(str(error), label="error: ")
            return int(error.exit)
        case RebuildError():
            _say(str(error), label="error: ")
            if error.hint:
                _say(error.hint, label="hint: ")
            return int(error.exit)
        case BrokenPipeError():
            # Whoever read our output has gone; nothing more can be said to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return int(Exit.INTERNAL)
        case SystemExit():
            raise error
    return _internal(error)


def _internal(error: BaseException) -> int:
    _say(f"this should not have happened: {type(error).__name__}: {error}", label="internal error: ")
    if os.environ.get("REBUILD_DEBUG"):
        traceback.print_exception(error)
    else:
        _say("run it again with REBUILD_DEBUG=1 and report what it prints", label="hint: ")
    return int(Exit.INTERNAL)


def _say(text: str, *, label: str = "") -> None:
    from rebuild.console.safe import clean

    for line in text.splitlines() or [""]:
        click.echo(f"{label}{clean(line)}", err=True)
