"""Which failures are tried again, after which wait: by cause, never by the status number alone."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

from tenacity import RetryCallState, wait_exponential
from tenacity.wait import wait_base

from rebuild.model.faults import Cause, Fault

_PATIENT = wait_exponential(multiplier=0.5, max=30)
"""Overload and lost connections: give the server room."""
_SOON = wait_exponential(multiplier=0.05, max=2)
"""Something else is about to make the same request pass, usually within milliseconds."""
_STEADY = wait_exponential(multiplier=0.25, max=5)
"""A program has to start or a controller has to act first."""

_WAITS: dict[Cause, wait_base] = {
    Cause.OVERLOAD: _PATIENT,
    Cause.TRANSPORT: _PATIENT,
    Cause.INTERNAL: _PATIENT,
    Cause.NOT_SERVED: _SOON,
    Cause.CONFLICT: _SOON,
    Cause.NAMESPACE_MISSING: _SOON,
    Cause.ROLE_MISSING: _SOON,
    Cause.SERVICE_ACCOUNT_MISSING: _SOON,
    Cause.NAMESPACE_TERMINATING: _STEADY,
    Cause.DENIED: _STEADY,
    Cause.WEBHOOK: _STEADY,
    Cause.QUOTA: _STEADY,
}
DENIAL_PATIENCE = 30.0
"""Seconds for a server that has just started to learn who may do what; `ops/rights.py` asked before the first write."""


@dataclass(frozen=True, slots=True)
class Policy:
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

    def pause(self, fault: Fault, attempt: int, chance: float, *, lasting: float = 0.0) -> float | None:
        """Seconds to wait before the next attempt, or None when trying again cannot help.

        Args:
            fault: why the attempt failed.
            attempt: which one it was, from 1.
            chance: a number in [0, 1) that spreads the retries of many objects ("equal jitter": at least half
                of the wait stays, so that an overloaded server gets real relief).
            lasting: for how many seconds it has been this cause, attempt after attempt.
        """
        wait = _WAITS.get(fault.cause)
        if wait is None or (fault.cause is Cause.DENIED and lasting >= DENIAL_PATIENCE):
            return None
        # Not a real RetryCallState: making one reads the clock, and the wait looks at nothing but the number.
        call = cast(RetryCallState, SimpleNamespace(attempt_number=attempt))
        return max(fault.retry_after, wait(call) * (0.5 + chance / 2))
