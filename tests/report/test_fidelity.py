"""The table of what each target proves is whole, and the documentation says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.providers.port import Fidelity
from rebuild.report import fidelity

LAB = Path(__file__).parents[2] / "docs" / "lab.md"


@pytest.mark.parametrize("name", list(Fidelity))
def test_what_a_target_proves_and_does_not_prove_is_everything_there_is(name: str) -> None:
    row, best = fidelity.of(name), fidelity.of(Fidelity.CLUSTER)
    assert not set(row.proves) & set(row.does_not_prove)
    assert {*row.proves, *row.does_not_prove} == {*best.proves, *best.does_not_prove}


def test_each_target_proves_more_than_the_one_before() -> None:
    rows = [set(fidelity.of(name).proves) for name in Fidelity]
    assert rows[0] < rows[1] < rows[2]


@pytest.mark.parametrize("name", list(Fidelity))
def test_the_documentation_has_the_same_table(name: str) -> None:
    columns = list(Fidelity)
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in LAB.read_text().splitlines()]
    said = {row[0]: row[1 + columns.index(Fidelity(name))] for row in rows if len(row) == 1 + len(columns)}
    row = fidelity.of(name)
    assert {text for text, mark in said.items() if mark == "yes"} == set(row.proves)
    assert {text for text, mark in said.items() if mark == "no"} == set(row.does_not_prove)
