"""Many objects and many CRDs: memory is bounded, and no object costs more than its one request.

`benchmarks/scale.py` does the same with 10,000 objects and 1,000 CRDs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import phases, scale
from rebuild.providers.kwok.lab import Lab
from rebuild.system import places
from tests.support import calls

OBJECTS, DEFINITIONS = 2000, 100
MEGABYTES = 200
"""What 10,000 objects may take."""


@pytest.mark.live
@pytest.mark.timeout(300, func_only=True)
@pytest.mark.fault("R18", "2,000 objects and 100 CRDs at once")
def test_many_objects_cost_one_request_each_and_little_memory(fragile: Lab, tmp_path: Path) -> None:
    """One write for each object and a few lists and watches for all, within 200 MB; the same again writes nothing and
    sends no request for single objects."""
    folder = tmp_path / "source"
    folder.mkdir()
    count = scale.write(folder, objects=OBJECTS, definitions=DEFINITIONS)
    first = scale.run(fragile, folder)
    assert first.code == 0, (tmp_path / "scale.log").read_text()[-2000:]
    assert first.writes == count
    assert first.requests <= 1.02 * count
    assert first.peak < MEGABYTES * 1e6
    again = scale.run(fragile, folder)
    assert again.code == 0
    assert again.writes == 0
    assert again.requests < 0.02 * count
    assert again.peak < MEGABYTES * 1e6


def calls_of_a_plan(folder: Path, size: int) -> int:
    """How many calls of functions of ours a plan of so many objects takes."""
    folder.mkdir()
    scale.write(folder, objects=size, definitions=size // 10)
    return calls.of(lambda: phases.measure(folder))


@pytest.mark.fault("R18", "twice as many objects are planned")
def test_a_plan_of_twice_as_many_objects_takes_twice_as_many_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan is linear in its objects, counted in calls."""
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    small, large = (calls_of_a_plan(tmp_path / f"of-{size}", size) for size in (200, 400))
    assert 1.5 < large / small < 2.1
