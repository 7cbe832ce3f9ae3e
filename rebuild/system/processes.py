"""Which processes run, by their command lines, and how to end those that are ours.

A process id in a file may have been handed on to a stranger since; a command line that names our own
directory cannot. So nothing is ever ended by number alone.
"""

from __future__ import annotations

import getpass
import os
import platform
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rebuild.model.errors import RebuildError
from rebuild.model.facts import Process
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


def identity(pid: int) -> str:
    """A living process as `PID@START`, so that whoever gets its number later is not taken for it; nothing when there
    is none. Zombies do not live, once all their threads have let go of files and ports. The start is the kernel's own
    count, or a date where there is no /proc."""
    try:
        # The command in parentheses may hold anything, so fields are counted from behind it: state is the first, the
        # 18th how many threads there are, the 20th when it started, in ticks since the machine did (proc_pid_stat(5)).
        fields = _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        started = "" if _PROC.joinpath("self", "stat").exists() else _start_by_ps(pid)
    else:
        started = "" if (fields[0], fields[17]) == ("Z", "1") else fields[19]
    return f"{pid}@{started}" if started else ""


def this() -> Process:
    """This process, as another one can tell it from all others later."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # No name for the number, as in a container.
        user = str(os.getuid())
    return Process(identity(os.getpid()), user, platform.node(), clock.boot(), clock.uptime())


def still_runs(process: Process) -> bool:
    """Whether a process of this machine has not ended yet; of another machine nobody here can know."""
    return process.host == platform.node() and process.boot == clock.boot() and lives(process.id)


def lives(known: str) -> bool:
    """Whether the process of an `identity` still runs."""
    pid = known.partition("@")[0]
    return pid.isdecimal() and identity(int(pid)) == known


def _start_by_ps(pid: int) -> str:
    return shell.run(["ps", "-o", "lstart=", "-p", str(pid)]).stdout.decode(errors="replace").strip()


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
            raise WontDie(
                f"process {min(alive)} does not end: {alive[min(alive)][:200]}",
                hint="it waits for the kernel, as for a disk that does not answer; try again later",
            )
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
