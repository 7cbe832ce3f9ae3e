"""A run's own time: seconds since the run began, on the monotonic clock, to the microsecond."""

from __future__ import annotations

from rebuild.system import clock


class RunClock:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._zero = clock.monotonic()

    def __call__(self) -> float:
        return round(clock.monotonic() - self._zero, 6)
