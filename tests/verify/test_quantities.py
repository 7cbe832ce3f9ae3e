"""Quantities are compared by value, in any of the notations that the API accepts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.verify import quantities


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("1.", "1"),
        ("+1", "1"),
        ("1e3", "1k"),
        ("1E3", "1000"),
        ("12e-1", "1200m"),
        ("1Gi", "1073741824"),
        ("0.5Ti", "512Gi"),
        ("1E", "1000P"),
        (2.5, "2500m"),
        (128974848, "123Mi"),
        ("0", "0Gi"),
        ("1n", "0.1n"),
        ("-1", "-1000m"),
    ],
)
def test_two_notations_of_one_quantity(left: object, right: object) -> None:
    assert quantities.parse(left) == quantities.parse(right)


@pytest.mark.parametrize(
    "text", ["", "Gi", "1GB", "1 Gi", "1ki", "0x10", "1e", "1e3Ki", "\u0661", True, None, [], "1e9999"]
)
def test_what_is_no_quantity_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantities.parse(text)


@given(st.integers(-(2**63), 2**63 - 1))
def test_suffixes_scale_exactly(number: int) -> None:
    assert quantities.parse(f"{number}Ki") == Decimal(number) * 1024
    assert quantities.parse(f"{number}m") * 1000 == number


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_different_integers_are_different_quantities(left: int, right: int) -> None:
    assert (quantities.parse(str(left)) == quantities.parse(str(right))) is (left == right)
