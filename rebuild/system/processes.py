"""Which processes run, by their command lines, and how to end those that are ours.

A process id in a file may have been handed on to a stranger since; a command line that names our own
directory cannot. So nothing is ever ended by number alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rebuild.model.errors import RebuildError
from rebuild.system import clock, shell

_PROC = Path("/proc")
_PAUSE = 0.01


class WontDie(RebuildError):
    """A process of ours survived SIGKILL."""

    code = "process-wont-die"


def commands() -> dict[int, str]:
    """The command line of each living process by its id, joined by blanks; zombies are left out."""
    if _PROC.joinpath("self", "cmdline").exists():
        found = {int(entry.name): _command(entry) for entry in _PROC.iterdir() if entry.name.isdecimal()}
    else:
        lines = shell.run(["ps", "-axwwo", "pid=,command="]).stdout.decode(errors="replace").splitlines()
        rows = (line.strip().partition(" ") for line in lines)
        found = {int(pid): command for pid, _, command in rows}
    return {pid: command for pid, command in found.items() if command}


def matching(owned: Callable[[str], bool]) -> dict[int, str]:
    """The living processes, other than this one, whose command line is owned."""
    return {pid: command for pid, command in commands().items() if pid != os.getpid() and owned(command)}


def kill(owned: Callable[[str], bool], *, within: float = 10.0) -> tuple[int, ...]:
    """End, without a chance to object, every process whose command line is owned, those that appear meanwhile
    included.

    Returns:
        The ids of what was ended.

    Raises:
        WontDie: when one is still there after `within` seconds.
    """
    ended: set[int] = set()
    deadline = clock.monotonic() + within
    while alive := matching(owned):
        if clock.monotonic() > deadline:
            raise WontDie(f"process {min(alive)} does not end: {alive[min(alive)][:200]}")
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        ended |= alive.keys()
        clock.sleep(_PAUSE)
    return tuple(sorted(ended))


def _command(entry: Path) -> str:
    try:
        raw = entry.joinpath("cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()
