"""The one clock: rooms that decide get times as values, and only the edge asks here."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def now() -> datetime:
    """The wall clock in UTC: for people and records, never for measuring."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment in UTC as RFC 3339 has it, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def monotonic() -> float:
    """Seconds on a clock that never goes back: for measuring, its zero means nothing."""
    return time.monotonic()


def uptime() -> float:
    """Seconds since the machine was started, sleep included where the kernel counts that; the same to all processes."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot() -> str:
    """What tells this start of the machine from any other; empty where the kernel gives it no name."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def sleep(seconds: float) -> None:
    """Block the calling thread."""
    time.sleep(seconds)
