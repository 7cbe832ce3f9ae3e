"""A plan learns from earlier runs of the same source on the same sort of target, and from no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.graph.estimates import PRIORS, Basis, Estimates
from rebuild.model.events import (
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
from rebuild.ops.unfinished import runs_root
from rebuild.report.ledger import Ledger
from rebuild.system import files, places

WEB = Ref.of("apps/v1", "Deployment", "shop", "web")
SOURCE = SourceRead("/repo", "main", "prod", "c0ffee", "")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path))


def ledger(seconds: float, source: SourceRead, fidelity: str) -> Ledger:
    """What a run recorded that wrote one object."""
    planned = PlannedObject(WEB, Origin("web.yaml", 1), "create", "", "")
    found = Ledger()
    for event in (
        RunStarted("run", "apply", "1", "2026-01-01T00:00:00Z"),
        source,
        TargetBound("uid", "v1", "https://x", "kwok", fidelity),
        Planned((planned,), (), (), (), 0.0),
        WriteAccepted(WEB, Outcome.CREATED, 1, 1.0, 2.0),
        ObjectEnded(WEB, Outcome.CREATED, True, "", None, (), 2.0 + seconds),
        RunEnded(True, "", 60.0),
    ):
        found.add(event)
    return found


def ran(name: str, seconds: float, source: SourceRead = SOURCE, fidelity: str = "kwok") -> Path:
    """The file that a run left."""
    home = files.private_directory(runs_root() / name)
    experience.keep(home, ledger(seconds, source, fidelity))
    return home / experience.MEASURED


def learned(fidelity: str = "") -> Estimates:
    return experience.of(SOURCE, fidelity=fidelity)


def test_without_runs_everything_is_a_prior() -> None:
    assert learned() == PRIORS


def test_the_newest_runs_count_and_no_more_of_them() -> None:
    for number in range(7):
        ran(f"2026010{number}", float(number))
    found = learned()
    assert (found.runs, found.of(WEB).seconds, found.of(WEB).basis) == (5, 4.0, Basis.OBJECT)


def test_runs_of_other_sources_teach_nothing() -> None:
    ran("1", 1.0, SourceRead("/other", "main", "prod", "c0ffee", ""))
    ran("2", 1.0, SourceRead("/repo", "main", "test", "c0ffee", ""))
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


@pytest.mark.parametrize("damage", [b"", b"no JSON\n", b'{"repository":"/repo"}', b"[]", b"\xff\xfe\n"])
def test_a_damaged_file_hinders_nobody(damage: bytes) -> None:
    ran("1", 7.0)
    ran("2", 9.0).write_bytes(damage)
    unknown = ran("3", 9.0)
    unknown.write_bytes(unknown.read_bytes().replace(b"apps/v1/", b""))
    (runs_root() / "4" / experience.MEASURED).mkdir(parents=True)
    found = learned()
    assert (found.runs, found.of(WEB).seconds) == (1, 7.0)


def test_a_run_that_measured_nothing_leaves_nothing(tmp_path: Path) -> None:
    experience.keep(tmp_path, Ledger())
    assert not [*tmp_path.iterdir()]


def test_a_full_disk_hinders_nobody() -> None:
    experience.keep(Path("/proc"), ledger(1.0, SOURCE, "kwok"))
