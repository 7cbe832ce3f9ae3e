"""The lab as a provider: the small port that use cases know, over the functions of this package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from rebuild.providers import descriptions
from rebuild.providers.kwok import cluster, config
from rebuild.providers.kwok.binaries import Binaries
from rebuild.providers.kwok.lab import PROVIDER
from rebuild.providers.port import Baseline, Target, Told, untold


class Kwok(Struct, frozen=True):
    """Targets with a real control plane and simulated nodes."""

    binaries: Binaries
    nodes: int = cluster.NODES

    @property
    def name(self) -> str:
        """`kwok`."""
        return PROVIDER

    @property
    def baseline(self) -> Baseline:
        """What a new lab holds."""
        return config.BASELINE

    def create(
        self,
        name: str,
        *,
        kubeconfig: Path | None = None,
        owned: bool = False,
        told: Told = untold,  # noqa: ARG002 - kwokctl does all of it in one step
    ) -> Target:
        """As `cluster.up`."""
        return cluster.up(name, self.binaries, kubeconfig=kubeconfig, nodes=self.nodes, owned=owned).target

    def describe(self, name: str) -> Target:
        """As `cluster.status`; raises UnknownLab for one that never became complete as well."""
        return descriptions.completed(name, cluster.status(name).lab).target

    def delete(self, name: str) -> bool:
        """As `cluster.down`."""
        return cluster.down(name)

    def list(self) -> Sequence[Target]:
        """The complete labs, running or not."""
        return [one.lab.target for one in cluster.list_labs() if one.lab is not None and one.lab.complete]
