"""Timers that the engine asked for, by due time. Holds no thread: the driver waits for the next one itself."""

from __future__ import annotations

import heapq
from itertools import count

from rebuild.model.facts import Timer


class Timers:
    """A heap of timers; the order of equal due times is the order they were set in."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._serial = count()

    def set(self, timer: Timer, due: float) -> None:
        """Let a timer fire at a time on the run's clock."""
        heapq.heappush(self._heap, (due, next(self._serial), timer))

    @property
    def next_due(self) -> float | None:
        """When the earliest timer fires."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Timer]:
        """Take out what has run down."""
        fired = []
        while self._heap and self._heap[0][0] <= now:
            fired.append(heapq.heappop(self._heap)[2])
        return fired
