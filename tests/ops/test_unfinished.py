"""What a journal says of a run that was cut short: whether somebody can go on with it, and at which time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from rebuild import __version__
from rebuild.journal.file import Journal
from rebuild.model.events import ApplyAsked, Event, PhaseBegan, Planned, RunEnded, RunStarted, SourceRead, TargetBound
from rebuild.model.facts import GapClock, Process, StopAsked
from rebuild.ops import unfinished
from rebuild.ops.unfinished import JOURNAL, KEY, NotResumable, Unfinished, UnknownRun
from rebuild.system import places

FIRST = Process("7@7", "me", "here", "boot-1", 1000.0)
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LAST = 12.5
BEGUN = RunStarted("r1", "apply", __version__, "2026-01-02T03:04:05Z", process=FIRST)
TOLD: tuple[Event, ...] = (
    BEGUN,
    SourceRead("/somewhere", "main", "prod", "c0ffee", ""),
    TargetBound("uid-1", "v1.37.2", "https://127.0.0.1:1", "existing", "kwok"),
    Planned((), (), (), (), 1.0),
    ApplyAsked("default", (), "staging", "", 60.0, "", True, 300.0, 1800.0, 10.0, 5.0, 30.0),
    PhaseBegan("apply", True, 2.0),
    StopAsked("interrupted", LAST),
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of this test alone."""
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path))
    return tmp_path


def written(*told: Event, key: bool = True) -> None:
    home = unfinished.runs_root() / "r1"
    journal = Journal(home / JOURNAL)
    for event in told:
        journal.append(event)
    journal.close()
    if key:
        (home / KEY).write_bytes(b"k" * 32)


def found(*told: Event) -> Unfinished:
    written(*(told or TOLD))
    return unfinished.find("r1")


def test_all_that_it_takes_to_go_on_is_read_back() -> None:
    run = found()
    assert (run.name, run.source.commit, run.target.uid, run.last) == ("r1", "c0ffee", "uid-1", LAST)
    assert run.policy.object_deadline == 300
    assert run.facts == (StopAsked("interrupted", LAST),)
    assert run.key == b"k" * 32


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([*TOLD, RunEnded(True, "", 20.0)], "has reached its end"),
        (TOLD[:5], "had not begun to write"),
        (TOLD[:4], "only an `apply` can be resumed"),
        ([replace(BEGUN, verb="drill"), *TOLD[1:]], "one with a gap in it measures nothing"),
        ([replace(BEGUN, tool="0.0.1"), *TOLD[1:]], "rebuild 0.0.1 began it"),
    ],
    ids=["complete", "nothing written", "not asked", "drill", "other version"],
)
def test_a_run_that_nobody_can_go_on_with_is_refused_with_the_reason(told: list[Event], why: str) -> None:
    with pytest.raises(NotResumable, match=why) as caught:
        found(*told)
    assert caught.value.hint
    assert int(caught.value.exit) == 3


def test_a_run_that_was_stopped_can_be_resumed() -> None:
    assert found(*TOLD, RunEnded(False, "interrupted by SIGINT", 13.0)).last == 13.0


def test_without_its_key_nothing_can_be_proven() -> None:
    written(*TOLD, key=False)
    with pytest.raises(NotResumable, match="its key"):
        unfinished.find("r1")


@pytest.mark.parametrize("name", ["r2", "../runs/r1", "", ".", "/"])
def test_an_unknown_run_is_named(name: str) -> None:
    written(*TOLD)
    with pytest.raises(UnknownRun, match="there is no run"):
        unfinished.find(name)


@pytest.mark.fault("R10", "a clock that is set in a gap: the seconds of the machine bridge it, which nobody sets")
@pytest.mark.parametrize("step", [0, 3600, -3600, -86400 * 365])
def test_on_the_same_start_of_the_machine_its_own_seconds_tell_the_gap(step: int) -> None:
    now = replace(FIRST, id="8@8", uptime=1042.25)
    wall = STARTED + timedelta(seconds=42 + step)
    assert found().bridged(now, wall) == (42.25, GapClock.MACHINE)


def test_after_a_restart_of_the_machine_the_wall_clock_has_to_do() -> None:
    now = replace(FIRST, boot="boot-2", uptime=5.0)
    assert found().bridged(now, STARTED + timedelta(hours=1)) == (3600.0, GapClock.WALL)


@pytest.mark.fault("R10", "a wall clock behind the last event after a restart: the gap is called unmeasured")
def test_a_wall_clock_that_stands_before_the_last_event_measures_nothing() -> None:
    now = replace(FIRST, boot="boot-2", uptime=5.0)
    assert found().bridged(now, STARTED + timedelta(seconds=3)) == (LAST, GapClock.NONE)


def test_another_machine_with_the_same_disk_has_another_clock() -> None:
    now = replace(FIRST, host="there", uptime=1042.25)
    assert found().bridged(now, STARTED + timedelta(seconds=50)) == (50.0, GapClock.WALL)


def test_a_kernel_without_a_name_for_its_start_leaves_the_wall_clock() -> None:
    run = found(replace(BEGUN, process=replace(FIRST, boot="")), *TOLD[1:])
    assert run.bridged(replace(FIRST, boot="", uptime=2000.0), STARTED + timedelta(seconds=50))[1] is GapClock.WALL
