"""The definition of the recovery time, by small timelines."""

from __future__ import annotations

import pytest

from rebuild.report import recovery
from rebuild.report.ledger import Phase


@pytest.mark.parametrize(
    ("phases", "seconds"),
    [
        ([], None),
        ([Phase("install", False, 0, 5)], None),
        ([Phase("provide", True, 0, 5)], 5),
        ([Phase("provide", True, 0, 5), Phase("apply", True, 5, 9)], 9),
        ([Phase("provide", True, 0, 5), Phase("apply", True, 6, 9)], 9),
        ([Phase("install", False, 0, 5), Phase("apply", True, 5, 9)], 4),
        ([Phase("provide", True, 0, 5), Phase("install", False, 5, 7), Phase("apply", True, 7, 9)], 7),
        ([Phase("apply", True, 0, 9), Phase("install", False, 2, 5)], 6),
        ([Phase("apply", True, 0, 9), Phase("clean up", False, 9, 30)], 9),
        ([Phase("apply", True, 0, 9), Phase("clean up", False, 9)], 9),
        ([Phase("provide", True, 0, 5), Phase("apply", True, 5)], None),
    ],
)
def test_recovery_runs_over_the_counted_phases_and_the_pauses_between_them(
    phases: list[Phase], seconds: float | None
) -> None:
    assert recovery.seconds(phases) == seconds
