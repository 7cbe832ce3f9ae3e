"""Ctrl-C and SIGTERM: while writes are under way the first lets them finish, the second ends the run at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM; unwinds like Ctrl-C, so that everything is cleaned up on the way."""


class _Switch:
    """What a signal does now. Python runs signal handlers on the main thread, so no lock is needed."""

    def __init__(self) -> None:
        self.stop: Callable[[str], None] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        stop, self.stop = self.stop, None
        if stop is not None:
            # Imported late, so that help does not pay for what only an interrupted run needs.
            from rebuild.report import verdict

            stop(verdict.SIGINT if number == signal.SIGINT else verdict.SIGTERM)
        elif number == signal.SIGTERM:
            raise Terminated
        else:
            raise KeyboardInterrupt


_SWITCH = _Switch()


def install() -> None:
    """Take over both signals for this process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _SWITCH)


def stoppable(stop: Callable[[str], None] | None) -> None:
    """Let the next signal call this instead of ending the process; None gives signals their usual meaning back."""
    _SWITCH.stop = stop
