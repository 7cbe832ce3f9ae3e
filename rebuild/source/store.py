"""What reading needs of a place where files are: its folders' entries and a file's bytes, one at a time.

A Git commit and a plain folder both are one, so that links, caps and kustomizations are decided once for both. An entry
is only described here: what it leads to is for `paths` to decide, and nothing follows a link on its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from rebuild.model.errors import UsageError
from rebuild.model.objects import Origin, Provenance

LARGEST_FILE = 64 << 20
"""Bytes of one file. etcd takes 1.5 MiB for an object; the largest published bundles of CRDs have 10 MiB."""
LARGEST_SOURCE = 256 << 20
"""Bytes of all the files of one source together, which are held in memory."""
MOST_ENTRIES = 250_000
"""Entries that are looked at, folders included: ten small Git trees can name ten thousand million files."""


class Kind(StrEnum):
    """What an entry of a folder is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symlink"
    SUBMODULE = "submodule"
    SPECIAL = "special file"


class Node(Struct, frozen=True):
    """One entry of a folder; `target` is what a link says, unresolved."""

    kind: Kind
    target: str = ""


class Store(Protocol):
    """Folders and files below one root. Paths are relative to it, real (no link on the way) and `/`-separated."""

    @property
    def where(self) -> str:
        """What messages call it."""

    @property
    def commit(self) -> str:
        """The full id of the commit, or nothing."""

    @property
    def provenance(self) -> Provenance:
        """Who vouches for its files."""

    def children(self, folder: str) -> Mapping[str, Node]:
        """The entries of a folder by their names, which may be anything that Git's objects can hold."""

    def expect(self, files: Iterable[str]) -> None:
        """Files whose sizes and contents are asked for next."""

    def size(self, path: str) -> int:
        """The bytes of a file, without reading it."""

    def data(self, path: str) -> bytes:
        """The content of a file; the caller has looked at its size."""


def origin(store: Store, path: str, line: int = 1) -> Origin:
    """A place in a store."""
    return Origin(printable(path), line, store.commit, store.provenance)


def printable(path: str) -> str:
    """A path that can be printed and written as JSON; names are bytes in any encoding."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def too_many(store: Store) -> UsageError:
    """The error for a source with more entries than can be looked at."""
    return UsageError(
        f"{store.where} has more than {MOST_ENTRIES:,} files and folders where manifests are looked for",
        hint="give the folder of the manifests with --path",
    )


def too_much(store: Store) -> UsageError:
    """The error for a source whose files do not fit together."""
    return UsageError(
        f"the manifests of {store.where} have more than {LARGEST_SOURCE >> 20} MiB together",
        hint="give the folder of the manifests with --path",
    )
