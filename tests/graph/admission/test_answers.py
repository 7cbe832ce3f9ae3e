"""Each case folder is one truth about who is called: `called.txt` holds all that are, or may be, and nobody else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.graph.admission.coverage import Coverage
from tests.graph.admission import cases


@pytest.mark.parametrize("folder", cases.FOLDERS, ids=cases.identity)
def test_exactly_those_are_called_that_the_case_says(folder: Path) -> None:
    assert cases.lines(cases.index_of(folder)) == (folder / "called.txt").read_text().splitlines()


def test_requests_that_share_an_answer_are_not_told_apart_by_what_nobody_asks_for() -> None:
    """Over all cases at once, the shared answers are those that each request has of its own."""
    for folder in cases.FOLDERS:
        index = cases.index_of(folder)
        everybody = cases.interceptors_of(index)
        coverage = Coverage(everybody)
        for _, _, request in cases.requests_of(index):
            called = coverage.called_for(request)
            for each in everybody:
                found = "called" if each in called.certain else "may be called" if each in called.possible else None
                assert (found or "not called") == each.answer(request)
