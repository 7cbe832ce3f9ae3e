"""Brings to the disk what was recorded, on a thread of its own: a slow disk must not hold up what an event allows."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rebuild.runner.threads import Facts, start


class Syncer:
    """Syncs when asked to; what goes wrong comes into the queue, and the driver raises it."""

    def __init__(self, sync: Callable[[], None], facts: Facts) -> None:
        self._sync = sync
        self._asked = threading.Event()
        self._closed = False
        self._thread = start(self._work, facts, name="sync")

    def ask(self) -> None:
        """Sync soon; asked again meanwhile, it does so once more."""
        self._asked.set()

    def close(self, *, wait: bool = True) -> None:
        """Sync no more, and wait for the thread unless told not to."""
        self._closed = True
        self._asked.set()
        if wait:
            self._thread.join()

    def _work(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._closed:
                return
            self._sync()
