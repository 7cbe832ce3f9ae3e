"""What the engine wants done next. The runner performs it; every command ends in a fact."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from rebuild.engine.sights import Sight
from rebuild.model.facts import Timer
from rebuild.model.refs import Ref


class Apply(Struct, frozen=True):
    """Send the object's manifest; `attempt` counts from 1."""

    ref: Ref
    attempt: int


class Adopt(Struct, frozen=True):
    """Send nothing: the live object already is as declared."""

    ref: Ref


class Recreate(Struct, frozen=True):
    """Delete the object that lives, exactly the one that the plan saw, and send the manifest once it is gone."""

    ref: Ref
    attempt: int


class Notice(Struct, frozen=True):
    """Tell from now on what becomes of these objects: one of them may let a failed write pass."""

    sight: Sight


class StartTimer(Struct, frozen=True):
    """Say so when this many seconds have passed."""

    timer: Timer
    seconds: float


class Finish(Struct, frozen=True):
    """Every object has ended, or the run was stopped and nothing is in flight any more."""


Command: TypeAlias = Apply | Adopt | Recreate | Notice | StartTimer | Finish
