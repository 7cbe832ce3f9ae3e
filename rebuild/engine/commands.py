"""What the engine wants done next. The runner performs it; every command ends in a fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rebuild.engine.sights import Sight
from rebuild.model.facts import Timer
from rebuild.model.refs import Ref


@dataclass(frozen=True, slots=True)
class Apply:
    """Send the object's manifest; `attempt` counts from 1."""

    ref: Ref
    attempt: int


@dataclass(frozen=True, slots=True)
class Adopt:
    """Send nothing: the live object already is as declared."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Recreate:
    """Delete the object that lives, exactly the one that the plan saw, and send the manifest once it is gone."""

    ref: Ref
    attempt: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell from now on what becomes of these objects: one of them may let a failed write pass."""

    sight: Sight


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Say so when this many seconds have passed."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Every object has ended, or the run was stopped and nothing is in flight any more."""


Command: TypeAlias = Apply | Adopt | Recreate | Notice | StartTimer | Finish
