"""The one place that starts programs. Nothing goes through a shell of the system, and nothing is printed
here.

A program is run to its end (`run`), followed line by line (`follow`), or left running after us (`launch`).
"""

from __future__ import annotations

import math
import os
import select
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from msgspec import Struct

from rebuild.model.errors import Exit, RebuildError
from rebuild.system import clock

_MEANWHILE_SECONDS = 0.5
TAIL = 40
"""Lines of output that are kept to explain a failure."""


class ProgramMissing(RebuildError):
    """A program that this step drives is not installed."""

    code = "program-missing"
    exit = Exit.UNREACHABLE


class ProgramBroken(RebuildError):
    """A program that this step drives is there and cannot be run."""

    code = "program-broken"
    exit = Exit.UNREACHABLE


class ProgramTimeout(RebuildError):
    """A program did not end in time and was killed."""

    code = "program-timeout"
    exit = Exit.UNREACHABLE


class Result(Struct, frozen=True):
    """How a program ended, and what it said."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def complaint(self) -> str:
        """The last lines that it wrote to stderr, or to stdout where stderr stayed empty."""
        text = (self.stderr.strip() or self.stdout.strip()).decode(errors="replace")
        return "\n".join(text.splitlines()[-TAIL:])


def run(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
    own_session: bool = False,
    meanwhile: Callable[[], None] | None = None,
) -> Result:
    """Run a program to its end; its exit code is the caller's to judge.

    Args:
        command: The program and its arguments.
        stdin: What it reads; nothing by default, so that it can never wait for the terminal.
        env: Its whole environment; ours by default.
        cwd: Its working directory; ours by default.
        timeout: Seconds after which it is killed.
        own_session: Keep it and what it leaves behind out of reach of the terminal's Ctrl-C. When its time is over,
            or we are interrupted, all of it is killed.
        meanwhile: Is called twice a second while it runs; what it raises ends the program as an interrupt does.

    Raises:
        ProgramMissing: when it cannot be found.
        ProgramBroken: when the operating system cannot run it.
        ProgramTimeout: when the time is over.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is a list, no shell reads it
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            start_new_session=own_session,
        )
    except OSError as error:
        raise _not_started(command, error) from error
    with process:
        try:
            out, err = _output(process, stdin, timeout, meanwhile)
        except BaseException as error:
            _end(process, whole_session=own_session)
            if isinstance(error, subprocess.TimeoutExpired):
                raise ProgramTimeout(
                    f"{command[0]} did not end within {timeout:g} s", hint="try again with an idle machine"
                ) from error
            raise
    return Result(process.returncode, out, err)


def _output(
    process: subprocess.Popen[bytes], stdin: bytes, timeout: float | None, meanwhile: Callable[[], None] | None
) -> tuple[bytes, bytes]:
    """Both streams of a program to their ends; raises TimeoutExpired when its time is over."""
    deadline = math.inf if timeout is None else clock.monotonic() + timeout
    unsent: bytes | None = stdin
    while meanwhile:
        left = deadline - clock.monotonic()
        try:
            return process.communicate(unsent, timeout=max(min(left, _MEANWHILE_SECONDS), 0))
        except subprocess.TimeoutExpired:
            unsent = None
            if left <= _MEANWHILE_SECONDS:
                raise
            meanwhile()
    return process.communicate(unsent, timeout=timeout)


def _end(process: subprocess.Popen[bytes], *, whole_session: bool) -> None:
    """Kill a program, and in a session of its own also those that it started: they hold its pipes open."""
    if whole_session:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


_CAPPED = 'ulimit -c 0; ulimit -v "$1" 2>/dev/null; ulimit -f "$2"; shift 2; exec "$@"'


def capped(command: Sequence[str], *, memory: int, file: int) -> list[str]:
    """The command with a limit on its address space and on the size of each file that it writes, both in bytes.

    The limits are set by an `sh` that then becomes the program. macOS knows no limit of the address space.
    """
    return [which("sh") or "sh", "-c", _CAPPED, "sh", str(memory // 1024), str(file // 512), *command]


def which(program: str) -> str | None:
    """The full path of a program on PATH, or None."""
    return shutil.which(program)


@cache
def offline() -> tuple[str, ...]:
    """What to put before a command so that it has no network, or nothing where this machine cannot do that.

    A network namespace of its own has no route and not even a working loopback. Root may make one; others may where
    the kernel lets them have user namespaces.
    """
    unshare, nothing = which("unshare"), [which("sh") or "sh", "-c", ":"]
    if unshare is None:
        return ()
    for options in (("--user", "--map-root-user", "--net"), ("--net",)):
        prefix = (unshare, *options, "--")
        if run([*prefix, *nothing], timeout=10).code == 0:
            return prefix
    return ()


def follow(
    command: Sequence[str],
    on_line: Callable[[str], None],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> Result:
    """Run a program to its end and hand over each line of its output, both streams, as it comes.

    When the caller is interrupted, or `on_line` raises, or `timeout` seconds are over, the program and its children are
    ended first. The result's `stderr` holds the last lines only.

    Raises:
        ProgramMissing: when it cannot be found.
        ProgramBroken: when the operating system cannot run it.
        ProgramTimeout: when the time is over.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is a list, no shell reads it
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise _not_started(command, error) from error
    tail: deque[str] = deque(maxlen=TAIL)
    with process:
        try:
            assert process.stdout is not None
            for raw in _lines(process.stdout, timeout):
                line = raw.decode(errors="replace").rstrip("\n")
                tail.append(line)
                on_line(line)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            if isinstance(error, TimeoutError):
                raise ProgramTimeout(
                    f"{command[0]} did not end within {timeout:g} s", hint="try again with an idle machine"
                ) from error
            raise
    return Result(process.returncode, b"", "\n".join(tail).encode())


def _lines(stream: IO[bytes], timeout: float | None) -> Iterator[bytes]:
    """The lines of a pipe as they come; raises TimeoutError when its end has not come within so many seconds."""
    deadline = None if timeout is None else clock.monotonic() + timeout
    rest = b""
    while True:
        left = None if deadline is None else max(deadline - clock.monotonic(), 0.0)
        if not select.select([stream], [], [], left)[0]:
            raise TimeoutError
        read = os.read(stream.fileno(), 65536)
        *whole, rest = (rest + read).split(b"\n")
        yield from whole
        if not read:
            if rest:
                yield rest
            return


_LEAVE_RUNNING = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'


def launch(command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives us, in a session of its own, and return its process id.

    Its output is appended to `log`. An intermediate `sh` ends at once, so the program becomes init's child:
    nobody here has to wait for it.
    """
    started = run(
        ["sh", "-c", _LEAVE_RUNNING, "sh", str(log), *command], env=env, cwd=cwd, timeout=10, own_session=True
    )
    return int(started.stdout)


def _not_started(command: Sequence[str], error: OSError) -> RebuildError:
    name = command[0]
    if isinstance(error, FileNotFoundError):
        return ProgramMissing(f"the program {name!r} is not installed", hint=f"install {name} and put it on PATH")
    return ProgramBroken(f"the program {name!r} cannot be run: {error.strerror}", hint=f"install {name} anew")
