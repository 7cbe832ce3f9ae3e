"""A namespace of a test's own on a cluster of real nodes, and a folder that declares what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.providers.port import Target

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: HOME}\n"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a test lives."""

    target: Target
    transport: Transport
    folder: Path
    name: str
    elsewhere: list[str] = field(default_factory=list)
    """Paths of what is to go with the namespace, and may be there or not."""

    def declare(self, text: str) -> None:
        """Declare more; HOME in it stands for the namespace."""
        with (self.folder / "all.yaml").open("a") as file:
            file.write(f"---\n{text.replace('HOME', self.name)}")

    @property
    def flags(self) -> list[object]:
        """What `apply` is called with."""
        named = ["--context", self.target.context, "--kubeconfig", self.target.kubeconfig]
        return ["apply", self.folder, *named, "--yes", "--report", self.report_file]

    @property
    def report_file(self) -> Path:
        return self.folder.parent / "report.json"

    def report(self) -> dict[str, Any]:
        """The report of the run, its objects by ref."""
        document: dict[str, Any] = orjson.loads(self.report_file.read_bytes())
        return {**document, "objects": {one["ref"]: one for one in document["objects"]}}

    def create(self, plural: str, body: dict[str, object]) -> None:
        """Somebody else makes an object in the namespace."""
        path = f"/api/v1/namespaces/{self.name}/{plural}"
        self.transport.request("POST", path, body=orjson.dumps(body), headers={"Content-Type": "application/json"})


@contextmanager
def opened(target: Target, folder: Path) -> Iterator[Home]:
    """A namespace that is declared in a new folder, and gone at the end."""
    transport = open_transport(context=target.context, kubeconfig=target.kubeconfig)
    home = Home(target, transport, folder, f"home-{uuid4().hex[:8]}")
    folder.mkdir()
    home.declare(NAMESPACE)
    yield home
    for path in (*home.elsewhere, f"/api/v1/namespaces/{home.name}"):
        with suppress(ClusterFault):
            transport.request("DELETE", path)
    transport.close()
