"""What is measured is the same every time, and a plan of it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import phases, repository, verify
from rebuild.system import places


def test_a_made_up_repository_is_the_same_every_time_and_can_be_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    roots = [tmp_path / "one", tmp_path / "two"]
    for root in roots:
        root.mkdir()
        repository.write(root, objects=100, seed=3)
    first, second = ({path.relative_to(root): path.read_bytes() for path in root.rglob("*.yaml")} for root in roots)
    assert first == second
    found = phases.measure(roots[0])
    assert found["objects"] == 105
    assert isinstance(found["edges"], int)
    assert found["edges"] > 200


def test_what_is_verified_for_time_is_as_many_objects_as_asked_for() -> None:
    found = verify.declared(400)
    assert len(found) == 402
    assert len({manifest.ref.group_kind for manifest in found}) == 10
