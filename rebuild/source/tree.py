"""The folders and files of one commit, straight from Git's objects: nothing is checked out, so no filter or hook acts.

An object's size is asked for before its content is, because the content comes as one piece of memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import git

from rebuild.model.errors import UsageError
from rebuild.model.objects import Provenance
from rebuild.source import program
from rebuild.source import store as stores
from rebuild.source.store import Kind, Node

_KINDS = {0o10: Kind.FILE, 0o04: Kind.FOLDER, 0o12: Kind.LINK, 0o16: Kind.SUBMODULE}
_AHEAD = 32 << 20
"""Bytes of contents that are read before they are asked for."""
# PATH_MAX; Git itself writes no longer ones.
_LONGEST_TARGET = 4096


class CommitStore:
    """One commit. What a repository lacks of it, or holds in pieces, comes out as a UsageError."""

    provenance = Provenance.COMMIT

    def __init__(self, repo: git.Repo, sha: str, where: str) -> None:
        self.commit = sha
        self.where = f"{where} at commit {sha[:12]}"
        self._repo = repo
        self._ids: dict[str, str] = {}
        self._listed: dict[str, dict[str, Node]] = {}
        self._sizes: dict[str, int] = {}
        self._read: dict[str, bytes] = {}
        # One tree may stand in many places; it is parsed once.
        self._parsed: dict[str, list[tuple[str, Node, str]]] = {}
        with program.damage(sha):
            commit = repo.commit(sha)
            self._ids[""] = commit.tree.hexsha
            self.committed_at = datetime.fromtimestamp(commit.committed_date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def children(self, folder: str) -> Mapping[str, Node]:
        """The entries of a tree."""
        if folder not in self._listed:
            with program.damage(self.commit):
                self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def expect(self, files: Iterable[str]) -> None:
        """Get all sizes at once, and as many contents: each question to git takes longer than most answers."""
        with program.damage(self.commit):
            ids = [self._ids[path] for path in files]
            self._sizes.update((sha, size) for sha, size, _ in program.objects(self._repo, ids))
            fit, room = [], _AHEAD
            for sha in dict.fromkeys(ids):
                if self._sizes[sha] <= room:
                    room -= self._sizes[sha]
                    fit.append(sha)
            self._read.update((sha, data) for sha, _, data in program.objects(self._repo, fit, contents=True))

    def size(self, path: str) -> int:
        """From the header of the object; its content stays where it is."""
        with program.damage(self.commit):
            return self._size(self._ids[path])

    def data(self, path: str) -> bytes:
        """The content of a blob, as it is in the object."""
        with program.damage(self.commit):
            return self._data(self._ids[path])

    def blob(self, path: str) -> str:
        """The id of a file's content; its folder has been listed."""
        return self._ids[path]

    def _list(self, folder: str) -> dict[str, Node]:
        tree = self._ids[folder]
        if tree not in self._parsed and self._size(tree) > stores.LARGEST_FILE:
            raise UsageError(
                f"folder {stores.printable(folder)!r} of {self.where} cannot be listed: it has too many entries",
                hint="give the folder of the manifests with --path",
            )
        prefix = f"{folder}/" if folder else ""
        found: dict[str, Node] = {}
        for name, node, sha in self._entries(tree):
            self._ids[prefix + name] = sha
            found[name] = node
        return found

    def _entries(self, tree: str) -> list[tuple[str, Node, str]]:
        if tree not in self._parsed:
            self._parsed[tree] = [(name, self._node(mode, sha), sha) for mode, name, sha in _parse(self._data(tree))]
        return self._parsed[tree]

    def _node(self, mode: int, sha: str) -> Node:
        kind = _KINDS.get(mode >> 12, Kind.SPECIAL)
        return Node(kind, self._target(sha) if kind is Kind.LINK else "")

    def _target(self, link: str) -> str:
        """What a link says; one that is too long for a path says nothing, and so leads nowhere."""
        if self._size(link) > _LONGEST_TARGET:
            return "/"
        return self._data(link).decode(errors="surrogateescape")

    def _size(self, sha: str) -> int:
        return self._sizes[sha] if sha in self._sizes else int(self._repo.git.get_object_header(sha)[2])

    def _data(self, sha: str) -> bytes:
        return self._read[sha] if sha in self._read else bytes(self._repo.git.get_object_data(sha)[3])


def _parse(tree: bytes) -> Iterator[tuple[int, str, str]]:
    """The entries of a tree object: mode, name, id. GitPython's reader stops at the first hostile name.

    Raises:
        ValueError: it is cut off, or no tree.
    """
    at = 0
    while at < len(tree):
        blank = tree.index(b" ", at)
        end = tree.index(b"\0", blank)
        sha = tree[end + 1 : end + 21]
        if len(sha) != 20:
            raise ValueError("a tree is cut off")
        yield int(tree[at:blank], 8), tree[blank + 1 : end].decode(errors="surrogateescape"), sha.hex()
        at = end + 21
