"""How long to wait before the next attempt, by cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.engine.policy import Policy
from rebuild.model.faults import Cause, Fault
from tests.engine.invariants import NEVER_RETRIED

FIRST_AND_LONGEST = {
    Cause.OVERLOAD: (0.5, 30),
    Cause.TRANSPORT: (0.5, 30),
    Cause.INTERNAL: (0.5, 30),
    Cause.NOT_SERVED: (0.05, 2),
    Cause.CONFLICT: (0.05, 2),
    Cause.NAMESPACE_MISSING: (0.05, 2),
    Cause.ROLE_MISSING: (0.05, 2),
    Cause.SERVICE_ACCOUNT_MISSING: (0.05, 2),
    Cause.NAMESPACE_TERMINATING: (0.25, 5),
    Cause.WEBHOOK: (0.25, 5),
    Cause.DENIED: (0.25, 5),
    Cause.PORT_ALLOCATED: (0.25, 5),
    Cause.QUOTA: (0.25, 5),
}
"""Full waits in seconds; at least half of each is kept."""


def pause(cause: Cause, attempt: int, chance: float = 0.0, retry_after: float = 0.0) -> float | None:
    """The pause after one failure."""
    return Policy().pause(Fault(cause, 0, "", retry_after), attempt, chance)


def test_every_cause_is_either_retried_or_not() -> None:
    assert FIRST_AND_LONGEST.keys() | NEVER_RETRIED == set(Cause)


@pytest.mark.parametrize("cause", sorted(NEVER_RETRIED))
def test_what_cannot_pass_is_not_tried_again_even_if_the_server_names_a_time(cause: Cause) -> None:
    assert pause(cause, 1, retry_after=1) is None


@pytest.mark.parametrize(("cause", "waits"), FIRST_AND_LONGEST.items())
def test_waits_double_from_the_first_to_the_longest(cause: Cause, waits: tuple[float, float]) -> None:
    first, longest = waits
    assert pause(cause, 1) == first / 2
    assert pause(cause, 2) == first
    assert pause(cause, 100) == longest / 2
    assert pause(cause, 100_000) == longest / 2


@given(st.sampled_from(list(FIRST_AND_LONGEST)), st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_chance_takes_away_at_most_half(cause: Cause, attempt: int, chance: float) -> None:
    least, jittered = pause(cause, attempt), pause(cause, attempt, chance)
    assert least is not None
    assert jittered is not None
    assert least <= jittered <= 2 * least


def test_the_servers_wish_is_a_minimum() -> None:
    assert pause(Cause.OVERLOAD, 1, retry_after=1) == 1
    assert pause(Cause.OVERLOAD, 10, retry_after=1) == 15
