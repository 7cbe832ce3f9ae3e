"""What a kind cluster of ours is called, and what became of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from rebuild.providers import claims
from rebuild.providers.claims import State
from rebuild.providers.kind import lab
from rebuild.providers.kind.lab import Lab

HOME = Path("/state/labs/demo")
LAB = Lab(
    "demo", HOME, HOME / "kubeconfig", "2026-11-25T22:40:21+00:00", "v1.37.2", "node:v1", "https://127.0.0.1:1", True
)
RUNNING = {"a": "running", "b": "running"}


def test_a_description_survives_the_round_trip(tmp_path: Path) -> None:
    (tmp_path / claims.DESCRIPTION).write_bytes(lab.encode(LAB))
    assert lab.read(tmp_path) == LAB
    assert claims.provider_of(tmp_path) == "kind"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"name": "demo"}', b"not json"])
def test_a_broken_description_reads_as_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / claims.DESCRIPTION).write_bytes(content)
    assert lab.read(tmp_path) is None


def test_clusters_of_two_state_directories_have_two_names() -> None:
    names = {lab.cluster_name(Path(place) / "labs" / "demo") for place in ("/home/a/state", "/home/b/state")}
    assert len(names) == 2
    assert all(name.startswith("rebuild-demo-") for name in names)


@pytest.mark.parametrize("name", ["x" * 40, "a" * 29 + "-b", "a"])
def test_a_node_of_the_longest_name_has_a_host_name(name: str) -> None:
    cluster = lab.cluster_name(Path("/state/labs") / name)
    assert len(f"{cluster}-control-plane2") <= 63
    assert "--" not in cluster


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        (f"/cache/kind create cluster --name {LAB.cluster} --config /a.yaml --kubeconfig {HOME}/kubeconfig", True),
        (f"docker run --name x --label io.x-k8s.kind.cluster={LAB.cluster} --net {LAB.cluster} node", True),
        (f"/cache/kind create cluster --name {LAB.cluster}x --config /a.yaml", False),
        (f"docker logs {LAB.cluster}-control-plane", False),
        (f"vim {HOME}/kubeconfig", False),
    ],
)
def test_only_what_makes_the_clusters_nodes_is_recognised(command: str, ours: bool) -> None:
    assert lab.creates(LAB, command) is ours


@pytest.mark.parametrize(
    ("known", "containers", "busy", "abandoned", "state"),
    [
        (LAB, RUNNING, False, False, State.RUNNING),
        (LAB, RUNNING, True, False, State.STARTING),
        (None, {}, True, False, State.STARTING),
        (LAB, RUNNING | {"b": "exited"}, False, False, State.STOPPED),
        (LAB, {}, False, False, State.STOPPED),
        (LAB, None, False, False, State.UNKNOWN),
        (LAB, RUNNING, False, True, State.ORPHAN),
        (LAB, None, False, True, State.ORPHAN),
        (None, {}, False, False, State.ORPHAN),
        (replace(LAB, complete=False), RUNNING, False, False, State.ORPHAN),
    ],
)
def test_the_state_follows_from_description_containers_and_lock(
    known: Lab | None, containers: dict[str, str] | None, busy: bool, abandoned: bool, state: State
) -> None:
    assert lab.state_of(known, containers, busy=busy, abandoned=abandoned) is state
