"""What a run has measured is what the next plan expects, whatever became of its file."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from rebuild.graph import rank
from rebuild.providers.kwok.lab import Lab
from tests.e2e.accounts import kubectl
from tests.e2e.support import rebuild

pytestmark = pytest.mark.live

SOURCE = """
apiVersion: v1
kind: Namespace
metadata: {name: NAME}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAME}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
"""


def test_a_plan_expects_what_the_last_run_measured(lab: Lab, state: Path, tmp_path: Path) -> None:
    name = f"experience-{uuid4().hex[:8]}"
    source = tmp_path / "source"
    source.mkdir()
    (source / "all.yaml").write_text(SOURCE.replace("NAME", name))
    before = rebuild("plan", source, "-o", "json").json()["expected"]
    target = ("--context", lab.context, "--kubeconfig", lab.kubeconfig)
    try:
        ran = rebuild("apply", source, *target, "--yes", "-o", "json")
        assert ran.code == 0, ran.stderr
        web = next(one["times"] for one in ran.json()["objects"] if "Deployment" in one["ref"])

        after = rebuild("plan", source, "-o", "json")
        again = rebuild("plan", source, "-o", "json")
        table = rebuild("plan", source).stdout
    finally:
        kubectl(lab, "delete", "namespace", name, "--wait=false")

    assert {hop["basis"] for hop in before["criticalPath"]} == {"prior"}
    expected = after.json()["expected"]
    last = expected["criticalPath"][-1]
    assert (expected["runs"], last["basis"], last["runs"]) == (1, "object", 1)
    (measured,) = state.glob("runs/*/measured.json")
    seconds = orjson.loads(measured.read_bytes())["seconds"]
    assert seconds[f"apps/v1/Deployment/{name}/web"] == pytest.approx(web["ready"] - web["accepted"], abs=0.002)
    # Its write counts as well. On a busy machine it may be the namespace that takes longest.
    assert last["seconds"] == pytest.approx(rank.WRITE + seconds[last["ref"]], abs=0.002)
    assert after.stdout == again.stdout
    assert "  1 run\n" in table

    measured.write_bytes(measured.read_bytes()[:-1])
    damaged = rebuild("plan", source, "-o", "json")
    assert (damaged.code, damaged.json()["expected"]) == (0, before)
