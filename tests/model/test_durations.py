"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("1h0m10s", 3610),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1m250ms", 60.25),
        ("85.5µs", 85.5e-6),
        ("7ns", 7e-9),
        ("0", 0),
        ("90", 90),
        ("0.5", 0.5),
        (" 5m ", 300),
    ],
)
def test_a_duration_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert durations.parse(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "m", "5x", "-5m", "5 m", "1h 30m", "1e3", "nan", "inf", "5m3", "True", ".", "1d"])
def test_anything_else_is_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 90s, 5m or 1h30m") as caught:
        durations.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["9" * 400, "9" * 400 + "h", "1" + "0" * 305 + "h"])
def test_a_duration_has_an_end(text: str) -> None:
    with pytest.raises(ValueError, match="has no end"):
        durations.parse(text)


@given(hours=st.integers(0, 99), minutes=st.integers(0, 999), seconds=st.integers(0, 999))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert durations.parse(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds
