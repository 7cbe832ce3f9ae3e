"""Work that is done beside this process, on another core, for what takes long and needs nothing that we have yet.

A fork, so that nothing is loaded twice. Where that is not safe the work is done here instead, and nobody but the clock
sees the difference.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TypeVar

from rebuild.model.errors import RebuildError

T = TypeVar("T")


@contextmanager
def begun(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begin with a piece of work; what is yielded waits for its result, which has to be picklable.

    The work is given up when the context ends before it has: it unwinds as it does when it is terminated.

    Args:
        work: changes nothing that this process would have to know of. What it raises is raised to who waits for it.
    """
    if not _can_fork():
        yield work
        return
    reader, writer = os.pipe()
    # A signal between the fork and its first step would be lost, or raised in a copy of all that called us.
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if not pid:
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, signals)
                os.close(reader)
                _carry_out(work, writer)
            finally:
                # Not `sys.exit`: what is to be flushed and removed at the end is our parent's.
                os._exit(0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    os.close(writer)
    child = _Child(pid, os.fdopen(reader, "rb"))
    try:
        yield lambda: child.result(work)
    finally:
        child.end()


def _can_fork() -> bool:
    """A fork has one thread, and waits forever for a lock that another had; on macOS system libraries break in one."""
    return sys.platform == "linux" and len(sys._current_frames()) == 1


def _carry_out(work: Callable[[], Any], writer: int) -> None:
    """The life of the child, which ends without a word where it is interrupted, or nobody listens any more.

    So it does after a mistake of ours: the parent makes it once more, and raises it with all that led to it.
    """
    import pickle

    with suppress(BaseException), os.fdopen(writer, "wb") as answer:
        try:
            outcome = (True, work())
        except RebuildError as error:
            outcome = (False, error)
        pickle.dump(outcome, answer)


class _Child:
    """A process of ours until its answer has been read, or nobody wants it any more."""

    def __init__(self, pid: int, answer: BinaryIO) -> None:
        self._pid, self._answer = pid, answer

    def result(self, work: Callable[[], T]) -> T:
        """What it has found out; where it ends before it has said all of it, the work is done here."""
        import pickle

        try:
            done, outcome = pickle.load(self._answer)  # noqa: S301 - written by ourselves
        except (EOFError, pickle.UnpicklingError):
            return work()
        finally:
            self.end()
        if not done:
            raise outcome
        result: T = outcome
        return result

    def end(self) -> None:
        """Let go of it, at once: its number may be another's as soon as it has been waited for."""
        self._answer.close()
        pid, self._pid = self._pid, 0
        if pid:
            # Where our own parent has SIGCHLD ignored, the kernel waits for it.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
