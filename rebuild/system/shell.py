"""The one place that starts programs. Nothing goes through a shell of the system, and nothing is printed
here.

A program is run to its end (`run`), followed line by line (`follow`), or left running after us (`launch`).
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rebuild.model.errors import RebuildError

TAIL = 40
"""Lines of output that are kept to explain a failure."""


class ProgramMissing(RebuildError):
    """A program that this step drives is not installed."""

    code = "program-missing"


class ProgramTimeout(RebuildError):
    """A program did not end in time and was killed."""

    code = "program-timeout"


@dataclass(frozen=True, slots=True)
class Result:
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
) -> Result:
    """Run a program to its end; its exit code is the caller's to judge.

    Args:
        command: The program and its arguments.
        stdin: What it reads; nothing by default, so that it can never wait for the terminal.
        env: Its whole environment; ours by default.
        cwd: Its working directory; ours by default.
        timeout: Seconds after which it is killed.
        own_session: Keep it and what it leaves behind out of reach of the terminal's Ctrl-C.

    Raises:
        ProgramMissing: when it cannot be found.
        ProgramTimeout: when the time is over.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the command is a list, no shell reads it
            list(command),
            input=stdin,
            capture_output=True,
            env=env,
            cwd=cwd,
            timeout=timeout,
            start_new_session=own_session,
            check=False,
        )
    except FileNotFoundError as error:
        raise _missing(command) from error
    except subprocess.TimeoutExpired as error:
        raise ProgramTimeout(f"{command[0]} did not end within {timeout:g} s") from error
    return Result(done.returncode, done.stdout, done.stderr)


def follow(
    command: Sequence[str],
    on_line: Callable[[str], None],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Result:
    """Run a program to its end and hand over each line of its output, both streams, as it comes.

    When the caller is interrupted, or `on_line` raises, the program and its children are ended first. The
    result's `stderr` holds the last lines only.

    Raises:
        ProgramMissing: when it cannot be found.
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
    except FileNotFoundError as error:
        raise _missing(command) from error
    tail: deque[str] = deque(maxlen=TAIL)
    with process:
        try:
            assert process.stdout is not None
            for raw in process.stdout:
                line = raw.decode(errors="replace").rstrip("\n")
                tail.append(line)
                on_line(line)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            raise
    return Result(process.returncode, b"", "\n".join(tail).encode())


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


def _missing(command: Sequence[str]) -> ProgramMissing:
    return ProgramMissing(
        f"the program {command[0]!r} is not installed", hint=f"install {command[0]} and put it on PATH"
    )
