"""Which failures are tried again, after which wait, and what ends it early: by cause, never by the status alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final, TypeAlias

from msgspec import Struct

from rebuild.model.faults import Cause, Fault

GroupKind: TypeAlias = tuple[str, str]

KEPT: Final[tuple[GroupKind, ...]] = (
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
)
"""Never deleted, whatever is asked: with each of them goes data, or what others have made."""


class Wait(Struct, frozen=True):
    """An exponential wait: `first` seconds after the first failure, twice as long each time, up to `longest`."""

    first: float
    longest: float
    spacing: float = 0.0
    """Between a failure and a retry that a sighting brings forward: what is seen may not be what was missing."""

    def seconds(self, attempt: int, chance: float) -> float:
        """The wait after that attempt, at least half of it whatever the chance ("equal jitter")."""
        # Imported late, so that nobody pays for it who has nothing to try again.
        from tenacity import wait_exponential

        # Not a real RetryCallState: making one reads the clock, and the wait looks at nothing but the number.
        call: Any = SimpleNamespace(attempt_number=attempt)
        return wait_exponential(multiplier=self.first, max=self.longest)(call) * (0.5 + chance / 2)


_PATIENT = Wait(0.5, 30)
"""Overload and lost connections: give the server room."""
_SOON = Wait(0.05, 2)
"""Something else is about to make the same request pass, usually within milliseconds."""

WAITS: Final[Mapping[Cause, Wait]] = MappingProxyType(
    {
        Cause.OVERLOAD: _PATIENT,
        Cause.TRANSPORT: _PATIENT,
        Cause.INTERNAL: _PATIENT,
        Cause.NOT_SERVED: _SOON,
        Cause.CONFLICT: _SOON,
        Cause.NAMESPACE_MISSING: _SOON,
        Cause.ROLE_MISSING: _SOON,
        Cause.SERVICE_ACCOUNT_MISSING: _SOON,
        Cause.NAMESPACE_TERMINATING: Wait(0.25, 5),
        Cause.DENIED: Wait(0.25, 5),
        Cause.WEBHOOK: Wait(0.25, 5, spacing=0.25),
        Cause.QUOTA: Wait(0.25, 5, spacing=1.0),
        Cause.PORT_ALLOCATED: Wait(0.25, 5, spacing=1.0),
    }
)
"""How long each cause is waited for; a cause that is missing here is not tried again."""
RECREATION: Final = Wait(0.25, 5)
"""What was deleted to be made anew goes when its dependents and finalizers let it."""
DENIAL_PATIENCE = 30.0
"""Seconds for a server that has just started to learn who may do what; `ops/rights.py` asked before the first write."""


class Policy(Struct, frozen=True):
    """The patience of a run, in seconds."""

    object_deadline: float = 300.0
    """From an object's first write to its being ready."""
    run_deadline: float = 1800.0
    soft_hold: float = 10.0
    """How long an object that could leave waits for its soft gates."""
    grace: float = 5.0
    """How long a health that is assumed may still be contradicted before it counts."""
    image_patience: float = 30.0
    """How long an image may not be had before its object ends; the kubelet tries at once, after 10 s and after 30 s."""
    recreate: frozenset[GroupKind] = frozenset()
    """The kinds whose objects may be deleted and made anew where a field differs that never changes."""

    def may_recreate(self, group_kind: GroupKind) -> bool:
        """Whether objects of a kind may be deleted."""
        return group_kind in self.recreate and group_kind not in KEPT

    def pause(self, fault: Fault, attempt: int, chance: float, *, lasting: float = 0.0) -> float | None:
        """Seconds to wait before the next attempt, or None when trying again cannot help.

        Args:
            fault: why the attempt failed.
            attempt: which one it was, from 1.
            chance: a number in [0, 1) that spreads the retries of many objects.
            lasting: for how many seconds it has been this cause, attempt after attempt.
        """
        wait = WAITS.get(fault.cause)
        if wait is None or (fault.cause is Cause.DENIED and lasting >= DENIAL_PATIENCE):
            return None
        return max(fault.retry_after, wait.seconds(attempt, chance))
