"""Each folder under cases/ is one truth about comparing a declared with a live object."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.verify import controllers
from tests.verify import cases


@pytest.mark.parametrize("folder", cases.folders(), ids=lambda folder: folder.relative_to(cases.ROOT).as_posix())
def test_a_case_says_what_it_expects(folder: Path) -> None:
    expected = (folder / "expected.txt").read_text().splitlines()
    assert list(cases.lines(cases.verified(folder))) == expected


@pytest.mark.parametrize("row", controllers.ROWS, ids=lambda row: row.name)
def test_every_controller_row_has_a_case_named_after_it(row: controllers.Row) -> None:
    folder = cases.ROOT / "controllers" / row.name.replace("-", "_")
    assert any(found.controller == row.reason for found in cases.verified(folder).controller_owned)
