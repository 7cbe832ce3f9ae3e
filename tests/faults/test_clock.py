"""The wall clock of the machine jumps while we rebuild: libfaketime lets our process see it, and nobody else."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rebuild.providers.kwok.lab import Lab
from tests.faults.conftest import Home, direct

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (on Debian: `apt-get install libfaketime`)"),
]


@pytest.mark.fault("R10", "the wall clock is set back or forth by an hour in mid-run, in a time zone of its own")
@pytest.mark.parametrize("step", ["+3600", "-3600"])
def test_a_clock_that_is_set_changes_no_duration(lab: Lab, shared: Home, tmp_path: Path, step: str) -> None:
    """Durations, deadlines and waits are of the monotonic clock; the one wall-clock stamp of a run is in UTC."""
    shared.many(100)
    clock = tmp_path / "clock"
    clock.write_text("+0")
    began, started = time.monotonic(), datetime.now(UTC)
    running = shared.start(
        *direct(lab),
        LD_PRELOAD=str(LIBRARIES[0]),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        TZ="Asia/Kathmandu",
    )
    running.until(f" created    v1/ConfigMap/{shared.name}/")
    clock.write_text(step)
    ran = running.end()
    elapsed = time.monotonic() - began
    assert ran.code == 0, ran.stderr
    report = ran.json()
    phases = {phase["name"]: phase["seconds"] for phase in report["recovery"]["phases"]}
    assert 0 < report["recovery"]["seconds"] < elapsed
    assert all(0 <= seconds < elapsed for seconds in phases.values())
    assert abs(datetime.fromisoformat(report["started"]) - started) < timedelta(minutes=2)
    times = [record["at"] for kind in ("write-intended", "object-ended") for record in shared.events(kind)]
    assert max(times) < elapsed
