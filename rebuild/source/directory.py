"""A plain folder as a store: readable today, and vouched for by nobody but its owner.

Nothing is opened through a link: `paths` resolves links by their names, and files are opened with O_NOFOLLOW.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rebuild.model.errors import UsageError
from rebuild.model.objects import Provenance
from rebuild.source.store import Kind, Node


class FolderStore:
    """A folder of this machine, absolute and without links. `.git` is Git's own and is left out."""

    commit = ""

    def __init__(self, root: Path, provenance: Provenance) -> None:
        self.root = root
        self.where = str(root)
        self.provenance = provenance
        self._listed: dict[str, dict[str, Node]] = {}

    def children(self, folder: str) -> Mapping[str, Node]:
        """The entries of a folder.

        Raises:
            UsageError: it cannot be read.
        """
        if folder not in self._listed:
            with _readable(self.root / folder), os.scandir(self.root / folder) as entries:
                self._listed[folder] = {entry.name: _node(entry) for entry in entries if entry.name != ".git"}
        return self._listed[folder]

    def expect(self, files: Iterable[str]) -> None:
        """Nothing is gained here by knowing that."""

    def size(self, path: str) -> int:
        """The bytes of a file."""
        with _readable(self.root / path):
            return (self.root / path).lstat().st_size

    def data(self, path: str) -> bytes:
        """The content of a file."""
        with _readable(self.root / path):
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="check its owner and permissions") from error


def _node(entry: os.DirEntry[str]) -> Node:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return Node(Kind.LINK, os.readlink(entry.path))  # noqa: PTH115 - the text as it is, not a Path's reading of it
    if stat.S_ISDIR(mode):
        return Node(Kind.FOLDER)
    return Node(Kind.FILE if stat.S_ISREG(mode) else Kind.SPECIAL)
