"""Ctrl-C, SIGTERM, and SIGHUP of a terminal that closes: while writes are under way the first signal lets them finish,
the second ends the run at once. Whatever else fails on the way out, the exit code is the signal's.

Python prints what is raised while an object is destroyed, and goes on: a signal that comes just then is raised again.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

from rebuild.cli import streams
from rebuild.model.errors import Exit

_AGAIN_S = 0.01
"""How long after a signal that was lost in the destruction of an object it is raised again."""


class Terminated(KeyboardInterrupt):
    """SIGTERM; unwinds like Ctrl-C, so that everything is cleaned up on the way."""


class HungUp(KeyboardInterrupt):
    """SIGHUP, the terminal is gone; unwinds like Ctrl-C as well."""


class _Switch:
    """What a signal does now. Python runs signal handlers on the main thread, so no lock is needed."""

    def __init__(self) -> None:
        self.stop: Callable[[str], None] | None = None
        self.received: signal.Signals | None = None
        """The last that came."""

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            streams.leave_terminal()
        self.received = signal.Signals(number)
        stop, self.stop = self.stop, None
        if stop is not None:
            # Imported late, so that help does not pay for what only an interrupted run needs.
            from rebuild.report import verdict

            reasons = {signal.SIGHUP: verdict.SIGHUP, signal.SIGINT: verdict.SIGINT, signal.SIGTERM: verdict.SIGTERM}
            stop(reasons[signal.Signals(number)])
        else:
            raise _INTERRUPTS[signal.Signals(number)]


_SWITCH = _Switch()
_CODES = {signal.SIGHUP: Exit.HUNG_UP, signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
_INTERRUPTS = {signal.SIGHUP: HungUp, signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}


def install() -> None:
    """Take over the signals for this process; who starts it with nohup wants it to outlive the terminal."""
    for number in _INTERRUPTS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _SWITCH)
    signal.signal(signal.SIGALRM, _again)
    sys.unraisablehook = _lost


def _lost(what: sys.UnraisableHookArgs) -> None:
    if isinstance(what.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    else:
        sys.__unraisablehook__(what)


def _again(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt if _SWITCH.received is None else _INTERRUPTS[_SWITCH.received]


def stoppable(stop: Callable[[str], None] | None) -> None:
    """Let the next signal call this instead of ending the process; None gives signals their usual meaning back."""
    _SWITCH.stop = stop


def over() -> None:
    """From here on a signal changes nothing: what is left to do takes no time, and is the answer."""
    for number in (*_INTERRUPTS, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


def exit_code(otherwise: Exit) -> Exit:
    """The exit code of a failure: the signal's, if one came before it."""
    return otherwise if _SWITCH.received is None else _CODES[_SWITCH.received]
