"""What the nodes add to the control plane's time, and never a number that was not measured."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from rebuild.model.events import Event, PhaseBegan, PhaseEnded, RunEnded, StageEnded
from rebuild.report import comparison
from rebuild.report.ledger import Ledger
from tests.report.streams import DB, SHOP, WEB, closing, ended, fold, opening, phase, plan, verified, written
from tests.report.test_to_json import paths

DOCS = Path(__file__).parents[2] / "docs" / "report.md"


def drilled(fidelity: str, provision: float, web: float, *stages: StageEnded) -> Ledger:
    """A passing drill whose Deployment takes so long to become ready."""
    end = provision + web + 1.0
    began, over = PhaseBegan("provision", True, 0.0), PhaseEnded("provision", provision)
    events: list[Event] = [
        *opening(fidelity=fidelity),
        *phase("install", -web / 10, 0.0, counted=False),
        began,
        *stages,
        over,
    ]
    events += [plan(), *written(SHOP, provision), *written(DB, provision)]
    events += [*written(WEB, provision)[:-1], ended(WEB, at=provision + web)]
    events += [*phase("apply", provision, end), *map(verified, (SHOP, WEB, DB)), *closing(end)]
    return fold(events)


@pytest.fixture
def both() -> dict[str, Ledger]:
    nodes = (StageEnded("nodes", 4.0, 4.0), StageEnded("control plane", 12.0, 16.0))
    return {"kwok": drilled("kwok", 5.0, 1.0), "kind": drilled("kind", 21.0, 9.5, *nodes)}


def test_phases_stages_and_kinds_stand_side_by_side(both: dict[str, Ledger]) -> None:
    *rows, beyond = comparison.lines(both)
    assert rows == [
        "Comparison                                     kwok        kind  difference",
        "  recovery                                    7.0 s      31.5 s     +24.5 s",
        "  install (not counted)                       0.1 s       0.9 s      +0.8 s",
        "  provision                                   5.0 s      21.0 s     +16.0 s",
        "    nodes                                                 4.0 s",
        "    control plane                                        12.0 s",
        "  apply                                       2.0 s      10.5 s      +8.5 s",
        "Time to ready, the longest of each kind        kwok        kind  difference",
        "  Deployment.apps (1)                         1.0 s       9.5 s      +8.5 s",
    ]
    assert beyond.startswith("kind proves beyond kwok: containers that start, and probes that pass; services")


def test_the_document_has_both_reports_and_the_differences(both: dict[str, Ledger]) -> None:
    document = comparison.document(both)
    assert document["schemaVersion"] == "rebuild.dev/report-comparison/v1alpha1"
    assert document["providers"] == [one["target"]["provider"] for one in document["reports"]] == ["kwok", "kind"]
    assert document["recovery"] == {"name": "recovery", "seconds": [7.0, 31.5], "difference": 24.5}
    assert {"name": "nodes", "seconds": [None, 4.0], "difference": None, "counted": True, "isStage": True} in document[
        "phases"
    ]
    assert document["kinds"][0] == {"name": "Deployment.apps", "seconds": [1.0, 9.5], "difference": 8.5, "objects": 1}
    assert orjson.dumps(document) == orjson.dumps(comparison.document(both))


def test_each_field_of_the_document_is_described(both: dict[str, Ledger]) -> None:
    described = re.findall(r"^\| `([^`]+)` \|", DOCS.read_text().partition("## ")[2], re.MULTILINE)
    found = {path for path in paths(comparison.document(both)) if not path.startswith("reports[].")}
    assert sorted(described) == sorted(found)


def test_a_time_that_was_not_measured_is_not_compared(both: dict[str, Ledger]) -> None:
    cut = fold([*opening(), *phase("provision", 0.0, 3.0), RunEnded(False, "no more disk", 4.0, exit=4)])
    runs = {"kwok": cut, "kind": both["kind"]}
    document = comparison.document(runs)
    assert document["recovery"] == {"name": "recovery", "seconds": [None, 31.5], "difference": None}
    assert document["kinds"][0]["difference"] is None
    assert comparison.exit_code(runs) == 4


def test_the_worst_end_is_the_end_of_both(both: dict[str, Ledger]) -> None:
    assert comparison.exit_code(both) == 0
    interrupted = fold([*opening(), RunEnded(False, "interrupted by SIGINT", 1.0)])
    assert comparison.exit_code({"kwok": interrupted, "kind": both["kind"]}) == 130


def test_one_run_alone_is_compared_with_nothing(both: dict[str, Ledger]) -> None:
    alone = {"kwok": both["kwok"]}
    assert comparison.lines(alone) == []
    assert comparison.document(alone)["recovery"]["difference"] is None
