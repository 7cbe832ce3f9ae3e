"""What is said of a lab that does not come up, and that nothing of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.providers import claims
from rebuild.providers.kwok import cluster
from rebuild.providers.kwok.binaries import Binaries, Source
from rebuild.system import places


@pytest.mark.parametrize(
    ("complaint", "step"),
    [
        ("write kwok.yaml: no space left on device", f"make room in HERE/labs, or set {places.STATE_VARIABLE}"),
        ("exec format error", "`rebuild doctor`"),
    ],
)
def test_a_lab_that_cannot_be_made_leaves_nothing_and_names_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str, step: str
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv(places.STATE_VARIABLE, str(state))
    program = tmp_path / "kwokctl"
    program.write_text(f"#!/bin/sh\necho '{complaint}' >&2; exit 1\n")
    program.chmod(0o755)
    with pytest.raises(cluster.LabFailed, match=complaint) as caught:
        cluster.up("a", Binaries(tmp_path, Source.BUILD))
    assert step.replace("HERE", str(state)) in caught.value.hint
    assert claims.homes() == ()
