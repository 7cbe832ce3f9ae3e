from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from rebuild.providers.claims import State
from rebuild.providers.kwok import lab
from rebuild.providers.kwok.lab import Lab
from rebuild.providers.kwok.paths import Layout

HOME = Path("/state/labs/demo")
LAYOUT = Layout(HOME)
LAB = Lab(
    name="demo",
    home=HOME,
    kubeconfig=HOME / "kubeconfig",
    created="2026-11-23T02:00:00+00:00",
    version="v1.37.2",
    binaries=Path("/cache/bin"),
    ports={"kube-apiserver": 20002},
    complete=True,
)
ALL = dict.fromkeys(lab.CONTROL_PLANE, 7)


def test_a_description_survives_the_round_trip(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_bytes(lab.encode(LAB))
    assert lab.read(Layout(tmp_path)) == LAB


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"name": "demo"}', b"not json"])
def test_a_broken_description_reads_as_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_bytes(content)
    assert lab.read(Layout(tmp_path)) is None


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (f"{LAYOUT.components}/etcd --name=node0", "etcd"),
        (f"{LAYOUT.components}/kwok-controller", "kwok-controller"),
        (f"/usr/bin/python -P -m rebuild.providers.kwok.cloud {HOME} volumes", "cloud-volumes"),
        (f"/cache/bin/kwokctl --config {HOME}/kwokctl.yaml --name demo create cluster", "kwokctl"),
        (f"tail -f {LAYOUT.audit_log}", None),
        (f"vim {HOME}/kubeconfig", None),
        (f"kubectl --kubeconfig {HOME}/kubeconfig get pods", None),
        ("/state/labs/demo2/work/clusters/demo2/bin/etcd --name=node0", None),
        ("python -m rebuild.providers.kwok.cloud /state/labs/demo2 volumes", None),
    ],
)
def test_only_the_labs_own_processes_are_recognised(command: str, part: str | None) -> None:
    assert lab.component(LAYOUT, command) == part


@pytest.mark.parametrize(
    ("found", "components", "busy", "state"),
    [
        (LAB, ALL, False, State.RUNNING),
        (LAB, ALL, True, State.STARTING),
        (None, {}, True, State.STARTING),
        (LAB, {"etcd": 7}, False, State.STOPPED),
        (LAB, {}, False, State.STOPPED),
        (None, {}, False, State.ORPHAN),
        (
            replace(LAB, complete=False),
            ALL,
            False,
            State.ORPHAN,
        ),
    ],
)
def test_the_state_follows_from_description_processes_and_lock(
    found: Lab | None, components: dict[str, int], busy: bool, state: State
) -> None:
    assert lab.state_of(found, components, busy=busy, abandoned=False) is state


def test_a_complete_lab_whose_owner_is_gone_is_an_orphan() -> None:
    assert lab.state_of(LAB, ALL, busy=False, abandoned=True) is State.ORPHAN
    assert lab.state_of(LAB, ALL, busy=True, abandoned=True) is State.STARTING
