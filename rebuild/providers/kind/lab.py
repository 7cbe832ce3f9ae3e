"""What a kind cluster of ours is, on disk and in memory, and what became of it. Starts and ends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

from msgspec import Struct

from rebuild.providers import descriptions
from rebuild.providers.claims import State
from rebuild.providers.port import Fidelity, Target

PROVIDER = "kind"
LABEL = "io.x-k8s.kind.cluster"
"""kind marks each node with the name of its cluster."""
RUNNING = "running"
"""What Docker calls a container that runs."""


class Lab(Struct, frozen=True):
    """One cluster, as its description file has it."""

    name: str
    home: Path
    kubeconfig: Path
    """The file for the user: the cluster's own, or a copy where one was asked for."""
    created: str
    """RFC 3339, UTC."""
    version: str
    """Of Kubernetes, as the node image has it."""
    image: str
    """The node image; nothing where the kind file or kind itself names it."""
    server: str = ""
    """The API server's URL, once there is one."""
    complete: bool = False
    """False from the claim of the name until the cluster can be used."""
    owner: str = ""
    """The process that takes the cluster away when it ends, as `processes.identity` has it; nothing for one that
    stays."""

    @property
    def cluster(self) -> str:
        """What kind calls it, and what its Docker network is called."""
        return cluster_name(self.home)

    @property
    def own_kubeconfig(self) -> Path:
        """The cluster's own kubeconfig, which nothing else is merged into."""
        return kubeconfig_of(self.home)

    @property
    def context(self) -> str:
        """The kubeconfig context, as kind names it."""
        return f"kind-{self.cluster}"

    @property
    def audit_log(self) -> None:
        """kind's API server keeps none."""
        return

    @property
    def target(self) -> Target:
        """The cluster in the words of the provider port."""
        return Target(
            name=self.name,
            provider=PROVIDER,
            fidelity=Fidelity.KIND,
            kubeconfig=self.kubeconfig,
            context=self.context,
            server=self.server,
            state_dir=self.home,
        )


class LabStatus(Struct, frozen=True):
    """A cluster's directory with its containers. `lab` is None where the description cannot be read."""

    name: str
    state: State
    home: Path
    containers: Mapping[str, str]
    """What Docker says of each container, such as `running`, by its name."""
    lab: Lab | None


def cluster_name(home: Path) -> str:
    """What kind is told to call the cluster of this directory.

    The digest keeps apart the clusters of two state directories, and all of them from what a user would call his own.
    A node's host name is made of it and may have 63 characters, so a long name is cut.
    """
    return f"rebuild-{home.name[:30].rstrip('-')}-{crc32(str(home).encode()):08x}"


def kubeconfig_of(home: Path) -> Path:
    """Where the cluster's own kubeconfig lies."""
    return home / "kubeconfig"


def encode(lab: Lab) -> bytes:
    """The description file's content."""
    return descriptions.encode(PROVIDER, lab)


def read(home: Path) -> Lab | None:
    """The cluster that a directory describes, or None where nothing there does."""
    return descriptions.read(home, Lab, "home", "kubeconfig")


def creates(lab: Lab, command: str) -> bool:
    """Whether a process makes nodes of this cluster, by its command line: kind itself, or a `docker run` of kind's."""
    return f" create cluster --name {lab.cluster} " in command or f" --label {LABEL}={lab.cluster} " in command


def state_of(lab: Lab | None, containers: Mapping[str, str] | None, *, busy: bool, abandoned: bool) -> State:
    """What became of a cluster, from its description, its containers (None where Docker does not answer), whether
    another process is at it, and whether the process that it belongs to is gone."""
    if unusable := descriptions.unusable(lab, busy=busy, abandoned=abandoned):
        return unusable
    if containers is None:
        return State.UNKNOWN
    runs = bool(containers) and all(state == RUNNING for state in containers.values())
    return State.RUNNING if runs else State.STOPPED
