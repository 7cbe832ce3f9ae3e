"""What a rule is, and short names for the healths that rules give.

There is no short name for Failed on purpose: only a failed Job and a CustomResourceDefinition whose names are
taken are beyond recovery, everything else may still recover until its deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rebuild.model.objects import Body
from rebuild.model.states import Health, Status

GroupKind: TypeAlias = tuple[str, str]
"""What selects a rule: `("apps", "Deployment")`, `("", "Pod")`."""

Rule: TypeAlias = Callable[[Body], Status]
"""A pure function from one live object to its status; it never raises."""


def current(message: str) -> Status:
    """The object is what it declares."""
    return Status(Health.CURRENT, message)


def assumed(why: str, *, provisional: bool = False) -> Status:
    """The object exists, which is all that speaks for it; `provisional` where its controller may still say more."""
    return Status(Health.CURRENT, f"health assumed: {why}", assumed=True, provisional=provisional)


def in_progress(message: str, because: str = "") -> Status:
    """The object is not there yet; `because` is the controller's own explanation, where it gives one."""
    return Status(Health.IN_PROGRESS, f"{message}: {because}" if because else message)
