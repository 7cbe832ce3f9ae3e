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
from typing import Any, TypeVar

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
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            _carry_out(work, writer)
        finally:
            # Not `sys.exit`: what is to be flushed and removed at the end is our parent's.
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        try:
            yield lambda: _result(answer.read(), work)
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)


def _can_fork() -> bool:
    """A fork has one thread, and waits forever for a lock that another had; on macOS system libraries break in one."""
    return sys.platform == "linux" and len(sys._current_frames()) == 1


def _carry_out(work: Callable[[], Any], writer: int) -> None:
    """The life of the child, which ends without a word where it is interrupted, or nobody listens any more."""
    import pickle

    with suppress(BaseException), os.fdopen(writer, "wb") as answer:
        try:
            outcome = (True, work())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for who waits
            outcome = (False, error)
        answer.write(pickle.dumps(outcome))


def _result(answer: bytes, work: Callable[[], T]) -> T:
    """What the child has found out; where somebody killed it the work is done here."""
    import pickle

    if not answer:
        return work()
    done, outcome = pickle.loads(answer)  # noqa: S301 - written by ourselves
    if not done:
        raise outcome
    result: T = outcome
    return result
