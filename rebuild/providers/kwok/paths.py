"""Where the lab keeps its things: binaries in the user's cache, clusters where `claims` says."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from rebuild.providers import claims
from rebuild.system import places


def cache_root() -> Path:
    """Binaries, which can be built again."""
    return places.cache_root() / "lab"


class Layout(Struct, frozen=True):
    """What lies where in the directory of one lab. kwokctl gets a work directory of its own for each lab."""

    home: Path

    @property
    def name(self) -> str:
        """The lab's name is its directory's."""
        return self.home.name

    @property
    def lock(self) -> Path:
        """Held by whoever creates or removes the lab."""
        return self.home / claims.LOCK

    @property
    def description(self) -> Path:
        """What the lab is, as JSON."""
        return self.home / claims.DESCRIPTION

    @property
    def kubeconfig(self) -> Path:
        """The lab's own kubeconfig, which nothing else is merged into."""
        return self.home / "kubeconfig"

    @property
    def kwokctl_config(self) -> Path:
        """What kwokctl was told."""
        return self.home / "kwokctl.yaml"

    @property
    def audit_policy(self) -> Path:
        """What the API server's audit log records."""
        return self.home / "audit-policy.yaml"

    @property
    def egress(self) -> Path:
        """Where the API server's connections go."""
        return self.home / "egress.yaml"

    @property
    def sealed_socket(self) -> Path:
        """Where the API server's connections to the cluster end: nothing is ever there."""
        return self.home / "sealed.sock"

    @property
    def workdir(self) -> Path:
        """`KWOK_WORKDIR`."""
        return self.home / "work"

    @property
    def cluster(self) -> Path:
        """Where kwokctl keeps this cluster: etcd's data, keys, logs, links to the binaries."""
        return self.workdir / "clusters" / self.name

    @property
    def components(self) -> Path:
        """The programs of the control plane run under the names in here."""
        return self.cluster / "bin"

    @property
    def pki(self) -> Path:
        """The certificate authority and the administrator's certificate."""
        return self.cluster / "pki"

    def pid_file(self, component: str) -> Path:
        """Where kwokctl remembers the process of a component."""
        return self.cluster / "pids" / f"{component}.pid"

    @property
    def logs(self) -> Path:
        """One log per component."""
        return self.cluster / "logs"

    @property
    def audit_log(self) -> Path:
        """One JSON event per line."""
        return self.logs / "audit.log"
