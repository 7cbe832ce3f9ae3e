"""How far an installation is, for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Step(Struct, frozen=True):
    """How far an installation is."""

    binary: str
    """Empty while nothing is built; `activity` then says why."""
    number: int
    """Which of the binaries this is, counted from 1; those already there are counted too."""
    total: int
    compiled: int = 0
    """Packages compiled so far. What Go has in its build cache is never compiled, so it may stay low."""
    packages: int = 0
    """Packages that this binary is made of."""
    activity: str = ""
    """What Go said last: the package it compiled, or the module it downloads."""


Progress = Callable[[Step], None]
