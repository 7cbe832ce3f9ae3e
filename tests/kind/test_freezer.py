"""A container with a frozen process can be removed: with cgroups of version 1 Docker alone cannot."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

import pytest

from rebuild.providers.kind import containers, freezer
from rebuild.providers.kind.install import Kit
from rebuild.providers.kind.lab import LABEL

OURS, STRANGER = "a" * 64, "b" * 64


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_only_what_belongs_to_the_containers_is_thawed(tmp_path: Path) -> None:
    ours = tmp_path / "docker" / OURS / "kubelet" / "pod" / "freezer.state"
    scope = tmp_path / "system.slice" / f"docker-{OURS}.scope" / "freezer.state"
    stranger = tmp_path / "docker" / STRANGER / "freezer.state"
    for state in (ours, scope, stranger):
        state.parent.mkdir(parents=True)
        state.write_text("FROZEN\n")
    freezer.thaw([OURS], tmp_path)
    assert [state.read_text().strip() for state in (ours, scope, stranger)] == ["THAWED", "THAWED", "FROZEN"]


def test_a_machine_without_a_freezer_has_nothing_to_thaw(tmp_path: Path) -> None:
    freezer.thaw([OURS], tmp_path / "none")


@pytest.mark.kind
@pytest.mark.skipif(not (freezer.ROOT / "docker").is_dir(), reason="Docker uses no freezer of cgroup version 1 here")
def test_a_node_that_docker_cannot_end_is_thawed_and_removed(kit: Kit) -> None:
    name = f"rebuild-frozen-{secrets.token_hex(4)}"
    plain = ("--detach", "--network", "none", "--label", f"{LABEL}={name}", "--entrypoint", "sleep")
    node = docker("run", *plain, kit.image, "600")
    docker("exec", "--detach", node, "sleep", "601")
    frozen = next(row for row in docker("top", node, "-o", "pid,args").splitlines() if row.endswith("601")).split()[0]
    pod = freezer.ROOT / "docker" / node / "pod"
    pod.mkdir()
    (pod / "cgroup.procs").write_text(frozen)
    (pod / "freezer.state").write_text("FROZEN")
    assert containers.remove(name)
    assert name not in containers.clusters()
