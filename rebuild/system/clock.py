"""The one clock: rooms that decide get times as values, and only the edge asks here."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock in UTC: for people and records, never for measuring."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back: for measuring, its zero means nothing."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Block the calling thread."""
    time.sleep(seconds)
