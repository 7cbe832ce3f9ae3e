"""Docker and what clusters of real nodes are made of, for tests marked `kind`.

Where Docker does not answer, these tests are skipped with one line that says what is missing. With
REBUILD_REQUIRE_KIND=1, as in the project's own check, that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from rebuild.model.errors import RebuildError
from rebuild.providers.kind import cluster, install
from rebuild.providers.kind import docker as daemon
from rebuild.providers.kind.lab import Lab
from rebuild.providers.kind.provider import Kind, KindOptions, prepared
from rebuild.providers.port import Target
from rebuild.system import places
from tests.kind import home as homes
from tests.kind.home import Home

SHIM = Path(__file__).parents[1] / "support" / "docker-shim"
_SYS_RESOURCE = 24
"""The number of CAP_SYS_RESOURCE (capability.h)."""


@pytest.fixture(scope="session")
def docker() -> Iterator[str]:
    """The version of the Docker daemon. `docker` on PATH is the shim where this machine needs it."""
    with pytest.MonkeyPatch.context() as patch:
        if not may_have(_SYS_RESOURCE):
            patch.setenv("PATH", f"{SHIM}{os.pathsep}{os.environ['PATH']}")
        try:
            version = daemon.check()
        except RebuildError as error:
            unavailable(error)
        yield version


@pytest.fixture(scope="session")
def kit(docker: str) -> install.Kit:
    """What clusters are made of; the node image is built on first use, which takes minutes."""
    try:
        return install.install()
    except RebuildError as error:
        unavailable(error)


@dataclass(frozen=True, slots=True)
class KindLab:
    """The session's cluster, and what it was made with."""

    provider: Kind
    target: Target

    @property
    def kind(self) -> Path:
        """The kind program."""
        return self.provider.wishes.kind

    @property
    def lab(self) -> Lab:
        """Its description."""
        known = cluster.status(self.target.name).lab
        assert known is not None
        return known


@pytest.fixture(scope="session")
def kind_cluster(kit: install.Kit, private_state: None) -> Iterator[KindLab]:
    """One running cluster, with the lab's own images, for all tests that only add namespaces of their own."""
    options = KindOptions(preload=tuple(map(str, kit.archives)))
    provider = prepared(kit, options.read(), options)
    yield KindLab(provider, provider.create("shared-kind"))
    provider.delete("shared-kind")


@pytest.fixture
def home(kind_cluster: KindLab, tmp_path: Path) -> Iterator[Home]:
    """A namespace of the test's own on the cluster of the session."""
    with homes.opened(kind_cluster.target, tmp_path / "declared") as home:
        yield home


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own; the session's cluster is in another."""
    directory = tmp_path_factory.mktemp("state")
    monkeypatch.setenv(places.STATE_VARIABLE, str(directory))
    return directory


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder that declares one object."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n")
    return folder


def unavailable(error: RebuildError) -> NoReturn:
    """Skip, or fail where the tests have to run."""
    reason = f"no real nodes here: {str(error).splitlines()[0]} ({error.hint})"
    if os.environ.get("REBUILD_REQUIRE_KIND") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def may_have(capability: int) -> bool:
    """Whether a process of this machine may ever have a capability; yes where that cannot be told."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return True
    bounding = next(line.split()[1] for line in lines if line.startswith("CapBnd:"))
    return bool(int(bounding, 16) >> capability & 1)
