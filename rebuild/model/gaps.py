"""What keeps an environment from being rebuilt out of its repository alone, object by object."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from rebuild.model.refs import Ref


class GapKind(StrEnum):
    """Why an object would not come back as it is, the worst first: what is lost for ever before what is work."""

    DATA = "data"
    """It holds data that is not in Git."""
    SECRET = "secret"  # noqa: S105
    """A Secret that is used or lives, and has no source."""
    UNDECLARED = "undeclared"
    """It runs or is used, and nobody declares it."""
    CHANGED = "changed"
    """It is not as declared."""
    MISSING = "missing"
    """It is declared and not there: what is declared has not been proven by running it."""
    UNKNOWN = "unknown"
    """It is declared and could not be looked at."""


class Gap(Struct, frozen=True):
    """One reason about one object. `managers` are those who own what is not as declared, the last writer first."""

    kind: GapKind
    ref: Ref
    why: str
    managers: tuple[str, ...] = ()
