"""A run tells everybody: the journal first, then the ledger, then the view."""

from __future__ import annotations

import resource
from pathlib import Path

import orjson
import pytest

from rebuild.journal.file import JournalBroken
from rebuild.model.events import (
    Event,
    ObjectEnded,
    PhaseBegan,
    PhaseEnded,
    Planned,
    PlannedObject,
    RunEnded,
    RunStarted,
    SourceRead,
    StageEnded,
    TargetBound,
)
from rebuild.model.facts import WriteAccepted
from rebuild.model.objects import Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome
from rebuild.ops import experience
from rebuild.ops.run import Run
from rebuild.system import places


class Seen(list[Event]):
    """A view that keeps what it is shown."""

    def event(self, event: Event) -> None:
        self.append(event)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


def types(run: Run) -> list[str]:
    return [orjson.loads(line)["type"] for line in (run.directory / "journal.jsonl").read_bytes().splitlines()]


def test_a_run_is_told_from_its_start_to_its_end() -> None:
    seen = Seen()
    run = Run("apply", listener=seen, objective=300.0)
    with run.phase("plan"):
        run.stage("nodes", 1.5)
    run.sync()
    run.end(complete=True)
    assert [type(event) for event in seen] == [RunStarted, PhaseBegan, StageEnded, PhaseEnded, RunEnded]
    assert types(run) == ["run-started", "phase-began", "stage-ended", "phase-ended", "run-ended"]
    assert run.ledger.verb == "apply"
    assert run.ledger.run
    assert run.ledger.run.objective == 300.0
    assert run.ledger.end == seen[-1]


@pytest.mark.parametrize("ends", [True, False, None])
def test_what_was_measured_is_left_by_a_run_that_reaches_its_end(ends: bool | None) -> None:
    run = Run("apply", listener=Seen())
    web = Ref.of("apps/v1", "Deployment", "shop", "web")
    for event in (
        SourceRead("/repo", "main", "", "c0ffee", ""),
        TargetBound("uid", "v1", "https://x", "kwok", "kwok"),
        Planned((PlannedObject(web, Origin("web.yaml", 1), "create", "", ""),), (), (), (), 0.0),
        WriteAccepted(web, Outcome.CREATED, 1, 1.0, 2.0),
        ObjectEnded(web, Outcome.CREATED, True, "", None, (), 3.0),
    ):
        run.record(event)
    if ends is None:
        run.abandon("the disk is full", 4)
    else:
        run.end(complete=ends)
    assert (run.directory / experience.MEASURED).exists() is (ends is True)


def test_two_runs_of_one_moment_are_two_runs(state: Path) -> None:
    first, second = Run("apply", listener=Seen()), Run("apply", listener=Seen())
    assert first.name != second.name
    assert first.key != second.key
    assert sorted(path.name for path in (state / "runs").iterdir()) == sorted([first.name, second.name])
    for run in (first, second):
        run.end(complete=True)


def test_what_writes_to_no_cluster_leaves_no_journal(state: Path) -> None:
    run = Run("plan", listener=Seen(), durable=False)
    run.sync()
    run.end(complete=True)
    assert not state.exists()
    assert run.ledger.end


def test_a_phase_that_is_cut_short_does_not_end() -> None:
    run = Run("apply", listener=Seen())
    with pytest.raises(RuntimeError), run.phase("apply"):
        raise RuntimeError
    run.abandon("cut short", 6)
    assert run.ledger.phases[0].ended is None
    assert types(run)[-1] == "run-ended"


def test_what_cannot_be_written_down_is_told_to_nobody_and_the_end_still_is() -> None:
    seen = Seen()
    run = Run("apply", listener=seen)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (run.directory / "journal.jsonl").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, before[1]))
    try:
        with pytest.raises(JournalBroken) as caught:
            run.record(PhaseBegan("apply", True, 0.0))
        run.abandon(str(caught.value), int(caught.value.exit))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [type(event) for event in seen] == [RunStarted, RunEnded]
    assert run.ledger.end
    assert run.ledger.end.exit == 4
    assert not run.ledger.phases
