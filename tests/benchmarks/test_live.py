"""Every piece of the benchmark on a real control plane, at a size that says nothing about speed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.engine import programs, trial, workloads, world
from benchmarks.engine.tools import Prepared, Slots
from benchmarks.engine.trial import Trial
from benchmarks.engine.workloads import Apply, Workload
from benchmarks.engine.world import World
from rebuild.providers.kwok import binaries
from rebuild.providers.kwok import cluster as kwok

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

SLOTS = Slots(4)


@pytest.fixture(scope="module")
def stage(lab_binaries: binaries.Binaries) -> Iterator[World]:
    """A lab of its own: cleaning it must not wait for what other tests left behind."""
    built = programs.install(programs.cached_peers())
    lab = kwok.up("bench", lab_binaries)
    try:
        with world.staged(lab, built) as staged:
            yield staged
    finally:
        kwok.down("bench")


def _run(stage: World, workload: Workload, folder: Path, *tools: str) -> dict[str, list[Trial]]:
    """All trials of each tool that is there; peers that were never built are left out, since that takes minutes."""
    bench = trial.prepare(stage, Prepared(workload, folder / "work"))
    there = {"oracle", "rebuild", "kubectl", *stage.programs.peers}
    found = {tool: list(bench.trials(tool, SLOTS)) for tool in tools if tool in there}
    for tool, (first, *again) in found.items():
        assert [each.failed for each in (first, *again)] == [""] * (1 + len(again)), tool
        assert first.ready > 0
        assert first.requests >= first.written >= first.objects
        assert first.cpu > 0
    return found


def test_flat_objects_are_rebuilt_and_nothing_is_written_again(stage: World, tmp_path: Path) -> None:
    found = _run(stage, workloads.flat("W1", 12, reruns=1), tmp_path, "oracle", "rebuild", "kubectl")
    assert found["oracle"][0].written == found["oracle"][0].objects
    assert [each.written for each in found["rebuild"]] == [24, 0]
    assert found["kubectl"][1].exit > 0


def test_workloads_are_ready_when_their_pods_are(stage: World, tmp_path: Path) -> None:
    found = _run(stage, workloads.realistic(1), tmp_path, "oracle", "rebuild", "helm")
    # The oracle ends when all is accepted.
    assert found["oracle"][0].ready > found["oracle"][0].exit


def test_hops_are_counted_from_ready_to_the_wire(stage: World, tmp_path: Path) -> None:
    found = _run(stage, workloads.diamond(3, 0.1), tmp_path, "rebuild", "kapply")
    # Three slow objects, three light ones, and the end.
    assert len(found["rebuild"][0].hops) == 7


def test_resources_wait_for_their_definitions_and_webhooks(stage: World, tmp_path: Path) -> None:
    _run(stage, workloads.operators(1, 3, stage.webhook), tmp_path, "oracle", "rebuild", "kubectl")


def test_a_tool_that_does_not_wait_is_caught(stage: World, tmp_path: Path) -> None:
    careless = dataclasses.replace(workloads.chain(2, 0.3), steps=(Apply((".",)),))
    bench = trial.prepare(stage, Prepared(careless, tmp_path / "work"))
    (found,) = bench.trials("kubectl", SLOTS)
    assert "sent too early: bench.example.com/Work/chain/link-001" in found.failed
    assert found.ready == 0
