"""A run's own time: seconds since the run began, on the monotonic clock, to the microsecond."""

from __future__ import annotations

from rebuild.system import clock


class RunClock:
    """Shows 0, or the time of a run that goes on, when it is made."""

    def __init__(self, shown: float = 0.0) -> None:
        self._zero = clock.monotonic() - shown

    def __call__(self) -> float:
        return round(clock.monotonic() - self._zero, 6)
