"""A plan learns from earlier runs of the same source on the same sort of target, and from no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.graph.estimates import PRIORS, Basis, Estimates
from rebuild.journal.file import Journal
from rebuild.model.events import (
    Event,
    ObjectEnded,
    Planned,
    PlannedObject,
    RunEnded,
    RunStarted,
    SourceRead,
    TargetBound,
)
from rebuild.model.facts import WriteAccepted
from rebuild.model.objects import Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome
from rebuild.ops import experience
from rebuild.ops.unfinished import JOURNAL, runs_root
from rebuild.system import places

WEB = Ref.of("apps/v1", "Deployment", "shop", "web")
SOURCE = SourceRead("/repo", "main", "prod", "c0ffee", "")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path))


def events(seconds: float, source: SourceRead, fidelity: str, *, complete: bool) -> list[Event]:
    planned = PlannedObject(WEB, Origin("web.yaml", 1), "create", "", "")
    return [
        RunStarted("run", "apply", "1", "2026-01-01T00:00:00Z"),
        source,
        TargetBound("uid", "v1", "https://x", "kwok", fidelity),
        Planned((planned,), (), (), (), 0.0),
        WriteAccepted(WEB, Outcome.CREATED, 1, 1.0, 2.0),
        ObjectEnded(WEB, Outcome.CREATED, True, "", None, (), 2.0 + seconds),
        RunEnded(complete, "", 60.0),
    ]


def ran(
    name: str, seconds: float, source: SourceRead = SOURCE, fidelity: str = "kwok", *, complete: bool = True
) -> Path:
    path = runs_root() / name / JOURNAL
    journal = Journal(path)
    for event in events(seconds, source, fidelity, complete=complete):
        journal.append(event)
    journal.close()
    return path


def learned(fidelity: str = "") -> Estimates:
    return experience.of(SOURCE, fidelity=fidelity)


def test_without_runs_everything_is_a_prior() -> None:
    assert learned() == PRIORS


def test_the_newest_runs_count_and_no_more_of_them() -> None:
    for number in range(7):
        ran(f"2026010{number}", float(number))
    found = learned()
    assert (found.runs, found.of(WEB).seconds, found.of(WEB).basis) == (5, 4.0, Basis.OBJECT)


def test_runs_of_other_sources_and_unfinished_ones_teach_nothing() -> None:
    ran("1", 1.0, SourceRead("/other", "main", "prod", "c0ffee", ""))
    ran("2", 1.0, SourceRead("/repo", "main", "test", "c0ffee", ""))
    ran("3", 1.0, complete=False)
    assert learned() == PRIORS


def test_another_commit_of_the_same_source_counts() -> None:
    ran("1", 1.0, SourceRead("/repo", "next", "prod", "beef", ""))
    assert learned().runs == 1


def test_simulated_nodes_are_no_measure_for_real_ones() -> None:
    ran("1", 1.0, fidelity="kwok")
    ran("2", 30.0, fidelity="kind")
    assert learned("kwok").of(WEB).seconds == 1.0
    assert learned("cluster") == PRIORS
    assert learned().of(WEB).seconds == 30.0


def test_a_place_that_can_hold_no_runs_hinders_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.STATE_VARIABLE, "/dev/null/below")
    assert learned() == PRIORS


@pytest.mark.parametrize("damage", [b"", b"no journal\n", b'{"n":0}\n', b"\xff\xfe\n"])
def test_a_damaged_journal_hinders_nobody(damage: bytes) -> None:
    ran("1", 7.0)
    ran("2", 9.0).write_bytes(damage)
    torn = ran("3", 9.0)
    torn.write_bytes(torn.read_bytes().replace(b"Deployment", b"DaemonSet"))
    (runs_root() / "4" / JOURNAL).mkdir(parents=True)
    found = learned()
    assert (found.runs, found.of(WEB).seconds) == (1, 7.0)
