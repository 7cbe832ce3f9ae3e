"""The three standard streams, in whatever state the caller left them."""

from __future__ import annotations

import io
import os
import stat
import sys


def prepare() -> None:
    """Open what is closed, and let text through that the terminal's encoding cannot hold.

    A file that is opened while a standard stream is closed takes its number: a journal could then be written to by
    whatever prints.
    """
    opened = os.open(os.devnull, os.O_RDWR)
    while opened <= 2:
        os.set_inheritable(opened, True)
        opened = os.dup(opened)
    os.close(opened)
    sys.stdin = sys.stdin or open(0)  # noqa: SIM115 - a descriptor, for as long as the process lives
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def leave_terminal() -> None:
    """Let what would be printed on a terminal that is gone go nowhere: every write to it fails from now on."""
    for number in (1, 2):
        # A terminal that was hung up is a device still, and no terminal any more.
        if stat.S_ISCHR(os.fstat(number).st_mode) and not os.isatty(number):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
