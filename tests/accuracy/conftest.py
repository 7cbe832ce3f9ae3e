"""A lab that holds one object of every kind, as a run would have written it, and has come to rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rebuild.cluster.client import FIELD_MANAGER, ApiServer
from rebuild.cluster.connect import connect, open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Severity
from rebuild.model.objects import Manifest
from rebuild.model.sources import SourceFile
from rebuild.ops import observe
from rebuild.plan import build
from rebuild.plan.snapshot import Snapshot
from rebuild.providers.kwok import binaries
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok.lab import Lab
from rebuild.verify.controllers import Setting

FOLDER = Path(__file__).parent
PATIENCE = 120.0
REST = 3.0
"""Seconds without any change that count as rest: every controller of the lab acts within one."""


@pytest.fixture(scope="session")
def accuracy_lab(lab_binaries: binaries.Binaries, private_state: None) -> Iterator[Lab]:
    """A lab of its own, since its objects would be in the way of others."""
    yield kwok.up("accuracy", lab_binaries, nodes=2)
    kwok.down("accuracy")


@pytest.fixture(scope="session")
def transport(accuracy_lab: Lab) -> Iterator[Transport]:
    opened = open_transport(context=accuracy_lab.context, kubeconfig=accuracy_lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def blueprint() -> Blueprint:
    """Everything that the manifests beside this file declare."""
    return declared("definitions.yaml", "maximal", "minimal")


@pytest.fixture(scope="session")
def snapshot(accuracy_lab: Lab, blueprint: Blueprint) -> Iterator[Snapshot]:
    """What lives of it once nothing changes any more."""
    opened = connect(context=accuracy_lab.context, kubeconfig=accuracy_lab.kubeconfig)
    write(opened, list(blueprint), blueprint)
    yield at_rest(opened, blueprint)
    opened.close()


@pytest.fixture(scope="session")
def setting(blueprint: Blueprint, snapshot: Snapshot) -> Setting:
    return build.setting_for(blueprint, snapshot, manager=FIELD_MANAGER)


def declared(*names: str) -> Blueprint:
    """What files and folders beside this one declare."""
    files = [file for name in names for file in sorted((FOLDER / name).rglob("*.yaml")) or [FOLDER / name]]
    found = read([SourceFile(str(f.relative_to(FOLDER)), f.read_bytes()) for f in files], kinds=kinds.builtin())
    assert not [finding for finding in found.findings if finding.severity is Severity.ERROR]
    return found


def write(cluster: ApiServer, waiting: Sequence[Manifest], blueprint: Blueprint) -> None:
    """Apply all of them: what is refused is tried again after the others, as what it needs may have come."""
    until = time.monotonic() + PATIENCE
    while waiting:
        refused: list[tuple[Manifest, ClusterFault]] = []
        for manifest in waiting:
            kind = blueprint.kinds.of(manifest.ref)
            assert kind, manifest.ref
            try:
                cluster.apply(manifest, kind)
            except ClusterFault as error:
                refused.append((manifest, error))
        assert time.monotonic() < until, [f"{manifest.ref}: {error}" for manifest, error in refused]
        waiting = [manifest for manifest, _ in refused]


def at_rest(cluster: ApiServer, blueprint: Blueprint) -> Snapshot:
    """The first snapshot of several that are the same for long enough."""
    until = time.monotonic() + PATIENCE
    since, versions = time.monotonic(), None
    while True:
        found = observe.snapshot(cluster, blueprint, blueprint.kinds)
        held = {m.ref: (body := found.get(m.ref)) and body["metadata"]["resourceVersion"] for m in blueprint}
        if held != versions:
            since, versions = time.monotonic(), held
        if time.monotonic() - since > REST:
            return found
        assert time.monotonic() < until, "the objects do not come to rest"
