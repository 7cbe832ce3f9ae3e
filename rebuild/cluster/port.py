"""The one view that the rest of the house has of an API server. Whoever satisfies it passes the same contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar, Protocol

from msgspec import Struct

from rebuild.cluster.rights import Access, Rights
from rebuild.model.errors import Exit, RebuildError
from rebuild.model.faults import Fault
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body, Manifest


class ClusterFault(RebuildError):
    """A request failed; `fault` says why. Raised by every call of the port that sends something."""

    code: ClassVar[str] = "cluster-fault"
    exit: ClassVar[Exit] = Exit.UNREACHABLE

    def __init__(self, fault: Fault, *, what: str) -> None:
        super().__init__(f"{what}: {fault.message}")
        self.fault = fault


class Identity(Struct, frozen=True):
    """Which cluster this is: the UID of its `kube-system` namespace, and its version."""

    uid: str
    version: str
    server: str


class Applied(Struct, frozen=True):
    """An accepted write: the object as the server holds it now, and whether the write brought it into being."""

    body: Body
    created: bool


class Listing(Struct, frozen=True):
    """The objects of a kind at one moment; a watch from `resource_version` misses nothing that follows."""

    items: tuple[Body, ...]
    resource_version: str


class Change(StrEnum):
    """What a watch says about an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


class WatchEvent(Struct, frozen=True):
    """One line of a watch; a bookmark's body holds nothing but its resourceVersion.

    `ends_initial` says that all was told that was there when the watch was opened, where that was asked for.
    """

    change: Change
    body: Body
    ends_initial: bool = False


class Watch(Protocol):
    """An open watch. Iterating blocks; it ends when the server or `close` ends it.

    Raises ClusterFault when the stream breaks or the version to start from is gone (status 410).
    """

    def __iter__(self) -> Iterator[WatchEvent]: ...

    def close(self) -> None:
        """End the watch from any thread."""


class Cluster(Protocol):
    """Everything that rebuild asks of an API server. All calls block, and all are safe to make from many threads."""

    server: str
    """Its URL."""

    def identity(self) -> Identity:
        """Who answers. Two requests."""

    def served(self) -> Kinds:
        """Every kind that the server offers now, by aggregated discovery. Two requests."""

    def apply(self, manifest: Manifest, kind: Kind) -> Applied:
        """Server-side apply as our own field manager, without force. One request."""

    def replace(self, manifest: Manifest, kind: Kind, uid: str) -> Applied:
        """Delete the object with this UID, no other one of its name, and apply. Two requests.

        Raises ClusterFault as `apply` does, also while the old object is not gone yet.
        """

    def preview(self, manifest: Manifest, kind: Kind) -> Body:
        """The object as applying it, even by force, would leave it: nothing is stored. One request."""

    def list(self, kind: Kind, version: str, namespace: str = "", *, metadata_only: bool = False) -> Listing:
        """All objects of a kind in one version, over all namespaces where none is named.

        With `metadata_only` they have nothing but their type and `metadata`, which is a fraction of the bytes.
        """

    def watch(self, kind: Kind, version: str, resource_version: str, namespace: str = "") -> Watch:
        """Changes of a kind from a resourceVersion on, on a connection of its own.

        Without a resourceVersion it tells first what there is (ADDED for each), and with a bookmark when that was all.
        A server that cannot do that refuses it as invalid.
        """

    def rights(self, namespace: str) -> Rights:
        """What we may do in a namespace, rights for the whole cluster included; only these without one. One request."""

    def may(self, access: Access) -> bool:
        """Whether we may do this, whoever in the server decides on it. One request."""

    def close(self) -> None:
        """Let go of all connections."""
