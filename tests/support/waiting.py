"""How long a test tries again: by the clock, as a faster client is through with any number of tries too early."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic


def within(seconds: float) -> Iterator[None]:
    """Once more, for as long as the time is not over."""
    until = monotonic() + seconds
    while monotonic() < until:
        yield
