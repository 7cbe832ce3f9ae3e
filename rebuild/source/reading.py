"""The manifests of a store: which entries are read, each file once, and what is said about the others.

A link to a file or folder of the same store counts as what it leads to, under the name of that. Nothing is parsed here.
"""

from __future__ import annotations

from msgspec import Struct, field

from rebuild.manifests.read import SUFFIXES
from rebuild.model.errors import UsageError
from rebuild.model.findings import Finding
from rebuild.model.sources import SourceFile
from rebuild.source import findings, paths
from rebuild.source import store as stores
from rebuild.source.store import Kind, Node, Store

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


class Reading(Struct):
    """What was read: files in the order of their paths, and what had to be left out.

    `folders` were looked through (or, of a single file, the file). If the files are `rendered`, any file below
    the folders may have had a part in them.
    """

    files: list[SourceFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    folders: tuple[str, ...] = ()
    rendered: bool = False


def start(store: Store, path: str) -> paths.Found:
    """What stands at the path that a caller named.

    Raises:
        UsageError: nothing stands there, or what stands there is in another repository.
    """
    found = paths.look(store, path)
    if found.kind in (Kind.FILE, Kind.FOLDER):
        return found
    if found.kind is Kind.SUBMODULE:
        raise UsageError(
            f"path {path!r} leads into the submodule {found.path}, whose files are in another repository",
            hint="give that repository as the source",
        )
    if found.kind is Kind.SPECIAL:
        raise UsageError(f"path {path!r} of {store.where} is a special file", hint="give a file or folder")
    if found.links:
        raise UsageError(
            f"path {path!r} goes through {found.links[0]}, a symbolic link to {found.target!r} that {found.trouble}",
            hint="give the path that the link stands for",
        )
    reached = paths.look(store, found.path)
    folders = (
        sorted(n for n, node in store.children(found.path).items() if node.kind is Kind.FOLDER)
        if (reached.kind is Kind.FOLDER)
        else []
    )
    place = f"`{found.path}`" if found.path else "the root"
    raise UsageError(
        f"path {path!r} does not exist in {store.where}",
        hint=f"{place} has the folders: {', '.join(folders[:20])}" if folders else f"{place} has no folders",
    )


def read(store: Store, path: str) -> Reading:
    """Read the manifests at or below a path.

    Raises:
        UsageError: the path does not exist, or holds no manifest; or there is more than can be read.
    """
    begin = start(store, path)
    reading = _Reader(store)
    if begin.kind is Kind.FILE:
        reading.take(begin.path, alone=True)
    else:
        reading.below(begin.path)
    if not reading.wanted and not reading.notes:
        raise findings.no_manifests(f"{path or 'the root'} of {store.where}")
    return reading.finish()


class _Reader:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._walk = paths.Walk(store)
        self._folders: set[str] = set()
        self.wanted: set[str] = set()
        self.notes: list[Finding] = []

    def take(self, path: str, *, alone: bool = False) -> None:
        """A file, if it is named like a manifest; alone it is all there is to read."""
        if alone:
            self._folders.add(path)
        if path.endswith(SUFFIXES):
            self.wanted.add(path)

    def below(self, folder: str) -> None:
        """Everything below a folder, and what the links in it lead to."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            if here in self._folders:
                continue
            self._folders.add(here)
            for path, name, node in self._walk.below(here):
                found = self._entry(path, name, node)
                if found:
                    waiting.append(found)

    def _entry(self, path: str, name: str, node: Node) -> str:
        """Take one entry; returns the folder that a link leads to."""
        origin = stores.origin(self._store, path)
        if not paths.is_safe(name):
            self.notes.append(findings.unsafe_name(name, origin))
        elif node.kind is Kind.FILE:
            self.take(path)
        elif node.kind is Kind.SUBMODULE:
            self.notes.append(findings.skipped("submodule", origin))
        elif findings.may_lead_to_manifests(name):
            if node.kind is Kind.SPECIAL:
                self.notes.append(findings.skipped("special file", origin))
                return ""
            found = paths.look(self._store, path)
            if found.kind is Kind.FOLDER:
                return found.path
            if found.kind is Kind.FILE:
                self.take(found.path)
            else:
                self.notes.append(findings.broken_link(name, node.target, found.trouble or "is no file", origin))
        return ""

    def finish(self) -> Reading:
        """Read what is wanted, within the caps."""
        reading, total = Reading(findings=self.notes, folders=tuple(sorted(self._folders))), 0
        self._store.expect(sorted(self.wanted))
        for path in sorted(self.wanted):
            size = self._store.size(path)
            origin = stores.origin(self._store, path)
            if size > stores.LARGEST_FILE:
                reading.findings.append(findings.too_large(size, origin))
                continue
            total += size
            if total > stores.LARGEST_SOURCE:
                raise stores.too_much(self._store)
            data = self._store.data(path)
            if data.startswith(_LFS_POINTER):
                reading.findings.append(findings.lfs_pointer(origin))
                continue
            reading.files.append(SourceFile(origin.path, data, self._store.commit, self._store.provenance))
        reading.findings.sort(key=lambda finding: finding.origin.path if finding.origin else "")
        return reading
