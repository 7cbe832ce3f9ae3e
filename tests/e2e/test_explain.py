"""`rebuild explain`: of a source, of a report, and of a journal."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from rebuild.journal.file import Journal
from rebuild.report import to_json
from tests.e2e.support import ROOT, rebuild
from tests.report import streams

NOWHERE = {"KUBECONFIG": "/nonexistent", "HOME": "/dev/null/home"}


def test_an_object_is_explained_without_a_cluster(state: Path) -> None:
    ran = rebuild("explain", "deploy/api", ROOT, "--path", "examples/shop", "-n", "shop", **NOWHERE)

    assert ran.code == 0, ran.stderr
    assert "on the critical path: 5 of 6" in ran.stdout
    assert "depends-on annotation" in ran.stdout
    assert "examples/shop/jobs/schema-migration.yaml:3" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("deploy/apii",), "did you mean apps/v1/Deployment/shop/api?"),
        (("postgres",), "names 5 objects"),
        (("deploy/api", "--report", "/nonexistent"), "more than one thing"),
    ],
)
def test_an_object_that_is_not_clear_is_asked_for_again(arguments: tuple[str, ...], says: str) -> None:
    name, *options = arguments
    ran = rebuild("explain", name, ROOT, "--path", "examples/shop", *options)

    assert ran.code == 2
    assert says in ran.stderr
    assert not ran.stdout


def test_a_report_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "plan.json").write_text(rebuild("plan", ROOT, "--path", "examples/shop", "-o", "json").stdout)

    for name, says in (("text.json", "is no JSON"), ("plan.json", "nothing was written"), ("gone.json", "cannot be")):
        ran = rebuild("explain", "deploy/api", "--report", tmp_path / name)
        assert ran.code == 2
        assert says in ran.stderr


def test_a_run_is_explained_by_its_report_and_by_its_journal_alike(tmp_path: Path) -> None:
    events = streams.run()
    journal = Journal(tmp_path / "journal.jsonl")
    for event in events:
        journal.append(event)
    journal.close()
    (tmp_path / "report.json").write_bytes(orjson.dumps(to_json.document(streams.fold(events))))

    by_report = rebuild("explain", "deploy/web", "--report", tmp_path / "report.json", "-o", "json", **NOWHERE)
    by_journal = rebuild("explain", "deploy/web", "--run", tmp_path / "journal.jsonl", "-o", "json", **NOWHERE)

    assert by_report.code == 0, by_report.stderr
    assert by_report.stdout == by_journal.stdout
    assert by_report.json()["measured"] is True


def test_a_run_that_is_not_there_is_said() -> None:
    ran = rebuild("explain", "deploy/web", "--run", "yesterday")
    assert ran.code == 2
    assert "unknown-run" in ran.stderr


@pytest.mark.live
def test_what_a_drill_was_made_of_is_explained_afterwards(lab_binaries: object, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ran = rebuild("drill", "--source", ROOT, "--path", "examples/shop", "--report", report)
    assert ran.code == 0, ran.stderr

    found = rebuild("explain", "deploy/api", "-n", "shop", "--report", report, "-o", "json").json()

    times = {row["ref"]: row["times"] for row in json.loads(report.read_bytes())["objects"]}
    migration = times["batch/v1/Job/shop/schema-migration"]
    (last, *_) = found["waitsFor"]
    assert last["ref"] == "batch/v1/Job/shop/schema-migration"
    assert times[found["ref"]]["intended"] >= migration["ready"]
    assert sum(wait["costs"] for wait in found["waitsFor"] if wait["costs"]) == pytest.approx(last["opens"], abs=0.01)
