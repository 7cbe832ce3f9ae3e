"""The figures on the page are those of a test run, satisfy what the page claims, and name the kinds that there are."""

from __future__ import annotations

from pathlib import Path

from rebuild.model import kinds
from tests.accuracy.kinds import OUT_OF_REACH
from tools import generate_verification
from tools.generate_verification import PAGE, filled, tables


def test_every_change_was_found_and_nothing_was_left_out() -> None:
    recall = tables(PAGE.read_text())["recall"]
    assert recall["changes accepted by the server"] >= 5000
    assert recall["changes found"] == recall["changes accepted by the server"]
    assert recall["changes missed"] == 0
    assert recall["changed declarations with false differences"] == 0
    assert recall["kinds"] >= 60
    assert recall["custom kinds"] >= 10
    ways = [count for name, count in recall.items() if name.startswith("changes by") or "creating" in name]
    assert sum(ways) == recall["changes accepted by the server"]


def test_nothing_that_was_left_alone_differed() -> None:
    page = tables(PAGE.read_text())
    assert page["precision"]["objects with false differences"] == 0
    assert page["precision"]["kinds"] >= page["recall"]["kinds"]
    assert page["corpus"]["false differences"] == 0


def test_every_addition_was_found_and_nothing_else_was_told() -> None:
    drift = tables(PAGE.read_text())["drift"]
    assert drift["additions by hand"] >= 500
    assert drift["additions found"] == drift["additions by hand"]
    assert drift["additions missed"] == 0
    assert drift["false lines"] == 0
    parts = [count for name, count in drift.items() if name.startswith("of them ")]
    assert sum(parts) == drift["additions by hand"]


def test_the_kinds_on_the_page_are_those_of_the_api() -> None:
    counted = tables(PAGE.read_text())["recall-kinds"]
    builtin = {f"{kind.group}/{kind.kind}".lstrip("/") for kind in kinds.builtin()}
    out_of_reach = {f"{group}/{kind}".lstrip("/") for group, kind in OUT_OF_REACH}
    assert builtin - out_of_reach == {name for name in counted if not name.startswith("accuracy.example/")}
    assert all(counted.values())
    assert sum(counted.values()) == tables(PAGE.read_text())["recall"]["changes accepted by the server"]


def test_figures_replace_the_table_of_their_topic_alone(tmp_path: Path) -> None:
    page = "a\n<!-- figures: one -->\nold\n<!-- end -->\nb\n<!-- figures: two -->\nkept\n<!-- end -->\n"
    (tmp_path / "one.json").write_text('{"found": 12345, "missed": 0}')
    after = filled(page, tmp_path, today="2026-01-02")
    assert tables(after) == {"one": {"found": 12345.0, "missed": 0.0}, "two": {}}
    assert "2026-01-02" in after
    assert "old" not in after
    assert "kept" in after
    assert filled(after, tmp_path, today="2026-01-02") == after
    assert generate_verification.number(12345) == "12,345"
