"""A proxy before the shared lab, a lab whose parts may be killed, and a namespace of each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.providers.kwok import binaries
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok.lab import Lab
from rebuild.system import places
from tests.e2e import support
from tests.e2e.support import Ran, Running
from tests.runner.rig import Audit
from tests.support import components, fault_proxy
from tests.support.fault_proxy import Proxy

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: HOME}\n"
CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d, namespace: HOME}\ndata: {key: value}\n"


@dataclass(slots=True)
class Home:
    """A namespace, a folder that declares it and what is in it, and a state directory for the runs of the test."""

    name: str
    folder: Path
    state: Path
    elsewhere: list[str] = field(default_factory=list)
    """Paths of what is to go with the namespace."""

    def declare(self, text: str) -> None:
        """Declare more; HOME stands for the namespace."""
        with (self.folder / "all.yaml").open("a") as file:
            file.write(text.replace("HOME", self.name))

    def many(self, count: int) -> None:
        """Declare so many ConfigMaps."""
        self.declare("".join(CONFIG % number for number in range(count)))

    def apply(self, *flags: object) -> Ran:
        """`rebuild apply`, with a report in JSON on stdout."""
        return support.rebuild("apply", self.folder, "--yes", "-o", "json", *flags, **self._environment)

    def verify(self, *flags: object) -> Ran:
        """`rebuild verify`, in the same way."""
        return support.rebuild("verify", self.folder, "-o", "json", *flags, **self._environment)

    def start(self, *flags: object, **environment: str) -> Running:
        """`rebuild apply`, while it runs."""
        return Running("apply", self.folder, "--yes", "-o", "json", *flags, **self._environment, **environment)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the journal of the test's only run has of one kind."""
        return [record["data"] for record in support.journal(self.state) if record["type"] == kind]

    @property
    def _environment(self) -> dict[str, str]:
        return {places.STATE_VARIABLE: str(self.state)}


def direct(lab: Lab) -> tuple[object, ...]:
    """The flags for a lab without a proxy."""
    return ("--context", lab.context, "--kubeconfig", lab.kubeconfig)


def objects(ran: Ran) -> dict[str, dict[str, Any]]:
    """The objects of a report by kind and name."""
    return {"/".join(one["ref"].split("/")[-3::2]): one for one in ran.json()["objects"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Declares nothing yet but its namespace; it is not taken away, for labs of a test's own."""
    made = Home(f"faults-{uuid4().hex[:8]}", tmp_path / "source", tmp_path / "state")
    made.folder.mkdir()
    made.declare(NAMESPACE)
    return made


@pytest.fixture
def shared(home: Home, outside: Transport) -> Iterator[Home]:
    """The same in the shared lab, from which it goes again."""
    yield home
    for path in (*home.elsewhere, f"/api/v1/namespaces/{home.name}"):
        with suppress(ClusterFault):
            outside.request("DELETE", path)


@pytest.fixture
def proxy(lab: Lab, tmp_path: Path) -> Iterator[Proxy]:
    """Before the shared lab."""
    with fault_proxy.opened(lab, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def fragile_lab(lab_binaries: binaries.Binaries, private_state: None) -> Iterator[Lab]:
    """A lab of which only fault tests know."""
    yield kwok.up("fragile", lab_binaries, nodes=1)
    kwok.down("fragile")


@pytest.fixture
def fragile(fragile_lab: Lab) -> Lab:
    """The same, ready again after whatever the test before has done to it."""
    components.until_ready(fragile_lab)
    return fragile_lab


@pytest.fixture
def fragile_outside(fragile: Lab) -> Iterator[Transport]:
    """Somebody else's connection to it."""
    opened = open_transport(context=fragile.context, kubeconfig=fragile.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture
def audit(lab: Lab, outside: Transport) -> Audit:
    """The shared lab's account of the test."""
    return Audit(lab, outside)


@pytest.fixture
def namespace(outside: Transport) -> Iterator[str]:
    """The name of a namespace that the run is to create in the shared lab."""
    name = f"faults-{uuid4().hex[:8]}"
    yield name
    with suppress(ClusterFault):
        outside.request("DELETE", f"/api/v1/namespaces/{name}")
