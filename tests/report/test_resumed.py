"""A run that somebody went on with: the gap is told, counted, and never guessed."""

from __future__ import annotations

import pytest

from rebuild.model.events import Event, PhaseBegan, PhaseEnded, RunEnded, WriteIntended
from rebuild.model.facts import GapClock, HealthSeen, Process, RunResumed
from rebuild.model.states import Health, Status
from rebuild.report.ledger import Standing
from rebuild.report.to_json import document
from rebuild.report.to_text import last_line, summary
from rebuild.report.verdict import verdict
from tests.report.streams import EVERYTHING, WEB, closing, fold, opening, phase, plan, verified, written

PROCESS = Process("7@7", "me", "here", "boot", 0.0)


def resumed(clock: GapClock = GapClock.MACHINE, *, since: float = 4.0, at: float = 10.0) -> RunResumed:
    return RunResumed(since, clock, "2026-01-02T04:00:00Z", PROCESS, at)


def cut_and_resumed(clock: GapClock = GapClock.MACHINE, *, objective: float = 0.0) -> list[Event]:
    """A second of planning, two of writing, a gap of six, one more of writing."""
    return [
        *opening("apply", objective=objective),
        *phase("plan", 1.0, 2.0),
        plan(),
        PhaseBegan("apply", True, 2.0),
        *(event for ref in EVERYTHING for event in written(ref)),
        resumed(clock, at=4.0 if clock is GapClock.NONE else 10.0),
        *phase("apply", 10.0, 11.0),
        *map(verified, EVERYTHING),
        *closing(),
    ]


def test_the_recovery_time_includes_the_gap_which_is_told() -> None:
    ledger = fold(cut_and_resumed())
    assert verdict(ledger).recovery_seconds == 10.0
    assert [(each.name, each.seconds) for each in ledger.phases] == [
        ("plan", 1.0),
        ("apply", 2.0),
        ("gap", 6.0),
        ("apply", 1.0),
    ]
    assert "  from 4.0 s on: 6.0 s; resumed at 2026-01-02T04:00:00Z" in summary(ledger)
    (told,) = document(ledger)["resumptions"]
    assert told == {
        "started": "2026-01-02T04:00:00Z",
        "since": 4.0,
        "at": 10.0,
        "gapSeconds": 6.0,
        "clock": "machine",
    }


def test_a_gap_by_the_wall_clock_says_so() -> None:
    assert any("6.0 s by the wall clock" in line for line in summary(fold(cut_and_resumed(GapClock.WALL))))


@pytest.mark.fault("R10", "a clock that went back in a gap: no recovery time is told, and an objective is not met")
def test_a_gap_of_unknown_length_leaves_no_recovery_time() -> None:
    ledger = fold(cut_and_resumed(GapClock.NONE))
    assert verdict(ledger).recovery_seconds is None
    assert document(ledger)["resumptions"][0]["gapSeconds"] is None
    assert last_line(ledger).endswith("; recovery time not measured: the clock went back in a gap)")
    assert any("of unknown length" in line for line in summary(ledger))
    assert "objective missed" in verdict(fold(cut_and_resumed(GapClock.NONE, objective=60.0))).reason


def test_a_run_that_goes_on_has_not_ended() -> None:
    ledger = fold([*opening("apply"), plan(), RunEnded(False, "interrupted by SIGINT", 4.0), resumed()])
    assert ledger.end is None
    assert verdict(ledger).reason == "the run has not ended"


def test_what_was_in_flight_or_seen_before_is_not_known_any_more() -> None:
    seen = HealthSeen(WEB, Status(Health.CURRENT), 9, 3.0)
    record = fold([*opening("apply"), plan(), WriteIntended(WEB, 1, 2.0), seen, resumed()]).objects[WEB]
    assert (record.standing, record.status) == (Standing.WAITING, None)


def test_a_phase_that_begins_after_the_gap_ends_by_itself() -> None:
    ledger = fold([*opening("apply"), PhaseBegan("apply", True, 1.0), resumed(), PhaseBegan("apply", True, 10.0)])
    ledger.add(PhaseEnded("apply", 12.0))
    assert [each.seconds for each in ledger.phases] == [3.0, 6.0, 2.0]
