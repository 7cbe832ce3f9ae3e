"""What the use cases know of a provider: it makes a target cluster, describes it, and takes away its own.

No provider touches the user's kubeconfig or current context, and none deletes what it did not create.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class Fidelity(StrEnum):
    """What a target can prove, from least to most."""

    KWOK = "kwok"
    """A real control plane; nodes and containers are simulated."""
    KIND = "kind"
    """Real containers as well."""
    CLUSTER = "cluster"
    """Everything."""


class Target(Struct, frozen=True):
    """A cluster that a provider gave, with all it takes to talk to it."""

    name: str
    provider: str
    fidelity: Fidelity
    kubeconfig: Path
    context: str
    server: str
    state_dir: Path | None = None
    """The provider's own directory for this target, where it keeps one."""
    audit_log: Path | None = None
    """The API server's audit log, where the provider has one within reach."""


class Baseline(Struct, frozen=True):
    """What a provider itself puts in a cluster: a cluster with nothing beyond it is fresh."""

    namespaces: frozenset[str]
    storage_classes: frozenset[str]
    default_storage_class: str | None


Told = Callable[[str, float], None]
"""Is told each stage of a creation that ends: its name, and how many seconds it took."""


def untold(_name: str, _seconds: float) -> None:
    """Nobody wants to know about stages."""


class Provider(Protocol):
    """Where targets come from."""

    @property
    def name(self) -> str:
        """What `--provider` calls it."""

    @property
    def baseline(self) -> Baseline:
        """What its clusters hold before anybody writes to them."""

    def create(self, name: str, *, kubeconfig: Path | None = None, owned: bool = False, told: Told = untold) -> Target:
        """Make a cluster and wait until its API is ready; leave nothing behind on failure.

        One that is `owned` belongs to this process, and is an orphan as soon as that has ended. `told` is called with
        the stages that the provider can tell apart, if it can.
        """

    def describe(self, name: str) -> Target:
        """A cluster that exists."""

    def delete(self, name: str) -> bool:
        """Take the cluster away; False when there was none."""

    def list(self) -> Sequence[Target]:
        """The clusters that exist, by name."""
