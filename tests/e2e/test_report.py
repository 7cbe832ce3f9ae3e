"""`rebuild report` and `rebuild runs`: earlier runs again, from their journals alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.support import Ran, many, rebuild

NOWHERE = {"KUBECONFIG": "/nonexistent", "PATH": "/nonexistent"}
"""It asks no cluster and runs no program."""


def assert_told_again(state: Path, report: Path) -> str:
    """The only run's report is the one that it wrote itself; its name."""
    (journal,) = state.glob("runs/*/journal.jsonl")
    name = journal.parent.name
    for which in (name, journal):
        again = rebuild("report", which, "-o", "json", **NOWHERE)
        assert again.code == 0, again.stderr
        assert again.stdout.encode() == report.read_bytes()
    return name


@pytest.fixture
def refused(state: Path, tmp_path: Path) -> Ran:
    """A drill that ended before there was a cluster, and wrote its report to `report.json`."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")
    ran = rebuild("drill", "--source", tmp_path / "source", "--report", tmp_path / "report.json")
    assert ran.code == 2, ran.stderr
    return ran


def test_a_run_that_was_cut_short_is_told_again_with_what_was_found(refused: Ran, state: Path, tmp_path: Path) -> None:
    name = assert_told_again(state, tmp_path / "report.json")
    told = rebuild("report", name, **NOWHERE)
    assert told.code == 0
    assert "no metadata.name" in told.stdout
    assert told.last_line.startswith("INCOMPLETE ")
    listed = rebuild("runs", **NOWHERE)
    (row,) = rebuild("runs", "-o", "json", **NOWHERE).json_list()
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["RUN", "VERB", "TARGET", "STARTED", "STATE", "VERDICT", "SECONDS"],
        [name, "drill", "-", row["started"], "interrupted", "INCOMPLETE", "-"],
    ]
    assert row["problem"].startswith("a drill measures a recovery")


@pytest.mark.live
def test_a_drill_is_told_again_as_it_was(lab_binaries: object, state: Path, tmp_path: Path, canary: str) -> None:
    report = tmp_path / "report.json"
    source = many(tmp_path / "source", 5, canary)
    ran = rebuild("drill", "--source", source, "--nodes", "1", "--report", report)
    assert ran.code == 0, ran.stderr

    name = assert_told_again(state, report)

    (row,) = rebuild("runs", "-o", "json", **NOWHERE).json_list()
    assert row["seconds"] == json.loads(report.read_bytes())["recovery"]["seconds"]
    assert (row["run"], row["verb"], row["verdict"]) == (name, "drill", "PASS")
    assert (row["state"], row["target"]["provider"], row["problem"]) == ("complete", "kwok", None)
    assert rebuild("report", name, **NOWHERE).stdout == ran.stdout


def test_without_runs_the_list_is_empty(state: Path) -> None:
    ran = rebuild("runs", **NOWHERE)
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "")
    assert rebuild("runs", "-o", "json", **NOWHERE).json_list() == []
    assert rebuild("report").code == 2


@pytest.mark.parametrize("which", ["no-such-run", "../runs", "/nonexistent/journal.jsonl", "/dev/null", "."])
def test_an_unknown_run_is_named_with_the_next_step(state: Path, which: str) -> None:
    (state / "runs").mkdir()
    ran = rebuild("report", which)
    assert ran.code == 2
    assert ran.stderr == (
        f"error: there is no run and no journal {which!r} [unknown-run]\nhint: `rebuild runs` lists the runs\n"
    )


def test_a_damaged_journal_is_listed_as_such_and_not_told(refused: Ran, state: Path) -> None:
    (journal,) = state.glob("runs/*/journal.jsonl")
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first.replace(b"drill", b"apply") + b"".join(rest))

    ran = rebuild("report", journal.parent.name)

    assert (ran.code, ran.stdout) == (2, "")
    assert f"{journal}:2: the journal is damaged at byte {len(first)}" in ran.stderr
    assert "[journal-damaged]" in ran.stderr
    assert "hint: " in ran.stderr
    assert rebuild("runs").stdout.split()[-3:] == ["damaged", "-", "-"]
    (row,) = rebuild("runs", "-o", "json").json_list()
    assert (row["state"], row["verdict"], str(journal) in row["problem"]) == ("damaged", None, True)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "records no run [unknown-run]"), (b'{"n":0', "records no run"), (b"a: b\n", "damaged at byte 0")],
)
def test_a_file_without_a_run_in_it_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "journal"
    path.write_bytes(data)
    ran = rebuild("report", path)
    assert (ran.code, ran.stdout) == (2, "")
    assert str(path) in ran.stderr
    assert words in ran.stderr
