"""Many waits at once, for those who need all the answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from rebuild.system import clock

STEP: Final = 0.02
"""Seconds after which one more thread is worth its connection."""
T = TypeVar("T")
R = TypeVar("R")


def gathered(work: Callable[[T], R], items: Iterable[T], *, at_once: int) -> list[R]:
    """What the work gives for each item, in the order of the items, with at most so many of them in hand at once.

    One thread begins, and each `STEP` another joins while something is left to do: a server nearby answers a few
    questions on one connection before three more are open. An executor would be waited for at the end of the program,
    and with it a request that nobody answers.

    Raises:
        BaseException: what the work raises first; nothing more is begun then.
    """
    todo: SimpleQueue[tuple[int, T]] = SimpleQueue()
    done: SimpleQueue[tuple[int, R] | BaseException] = SimpleQueue()

    def run() -> None:
        with suppress(Empty):
            while True:
                number, item = todo.get_nowait()
                try:
                    done.put((number, work(item)))
                except BaseException as error:  # noqa: BLE001 - it is raised again by who waits
                    done.put(error)
                    return

    for each in enumerate(items):
        todo.put(each)
    left = todo.qsize()
    began, threads = clock.monotonic(), 0
    results: dict[int, R] = {}
    try:
        while len(results) < left:
            enough = threads == at_once or todo.empty()
            try:
                answer = done.get(timeout=None if enough else max(began + threads * STEP - clock.monotonic(), 0))
            except Empty:
                threading.Thread(target=run, name=f"gather-{threads}", daemon=True).start()
                threads += 1
                continue
            if isinstance(answer, BaseException):
                raise answer
            results[answer[0]] = answer[1]
    finally:
        with suppress(Empty):
            while True:
                todo.get_nowait()
    return [results[number] for number in range(left)]
