"""docs/reliability.md leaves no fault out, and claims none that no test shows."""

from __future__ import annotations

from typing import Any

import pytest

from tools import generate_reliability as tool


def test_every_marked_test_is_a_row_and_every_row_a_marked_test() -> None:
    text = tool.PAGE.read_text()
    assert tool.rows_of(text) == {(one.fault, one.test) for one in tool.marked()}, "make the page anew: it says how"
    for one in tool.marked():
        assert f"| {one.fault} | {one.title} | {one.does} | `{one.test}` |" in text


def outcomes(**changed: str) -> list[dict[str, Any]]:
    found = [{"id": one.fault, "test": f"{one.test}[a]", "outcome": "passed", "seconds": 1.0} for one in tool.marked()]
    return [{**found[0], **changed}, *found[1:]]


def test_a_page_of_these_outcomes_has_a_row_for_each() -> None:
    assert len(tool.rows_of(tool.page(outcomes()))) == len(tool.marked())
    assert "skipped on the machine" in tool.page(outcomes(outcome="skipped"))


@pytest.mark.parametrize("rows", [outcomes(outcome="failed"), outcomes()[1:]], ids=["failed", "was not run"])
def test_a_test_that_failed_or_was_not_run_makes_no_page(rows: list[dict[str, Any]], request: Any) -> None:
    with pytest.raises(ValueError, match=f"{tool.marked()[0].test}: {request.node.callspec.id}"):
        tool.page(rows)
