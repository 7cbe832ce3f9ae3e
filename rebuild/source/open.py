"""One door to all sources: a commit where there is one, a plain directory where there is none.

Reads and never writes: not the repository, not its work tree, not the index. What is fetched goes to a directory of
the caller.
"""

from __future__ import annotations

from pathlib import Path

from rebuild.model.errors import UsageError
from rebuild.model.objects import Provenance
from rebuild.model.sources import Source
from rebuild.source import closure, findings, kustomize, local, locations, paths, reading, remote
from rebuild.source.directory import FolderStore
from rebuild.source.render import Renderer, any_kubectl
from rebuild.source.store import Kind
from rebuild.system import places


def read_source(
    location: str,
    *,
    ref: str = "",
    path: str = "",
    work: Path,
    renderer: Renderer = any_kubectl,
    patience: float = remote.PATIENCE,
) -> Source:
    """Read the manifests that a location declares.

    Args:
        location: The path of a Git repository or of something in its work tree, a URL (https, ssh, file),
            `[user@]host:path`, or a plain directory or file.
        ref: The revision to read; HEAD when empty.
        path: The folder or file to read below the location.
        work: A private, existing directory, where a remote repository is fetched to and a kustomization rendered.
        renderer: Which kubectl renders kustomizations; by default one on PATH.
        patience: Seconds that a remote repository gets to hand over the commit.

    Returns:
        The files `*.yaml`, `*.yml` and `*.json` in the order of their paths, which are relative to the root of the
        repository or of the plain directory. If a kustomization stands at the path, its rendered objects instead,
        each as a file under the name and line of its declaration.

    Raises:
        UsageError: an argument makes no sense, or there is nothing to read at what it names.
        Unreachable: the repository does not answer, or git cannot read it.
    """
    ref, path = locations.checked_ref(ref), locations.checked_path(path)
    if locations.is_url(location):
        return remote.read(location, ref=ref, path=path, work=work, renderer=renderer, patience=patience)
    here = places.expanded(location)
    if not _exists(here):
        if locations.is_scp(location):
            return remote.read(location, ref=ref, path=path, work=work, renderer=renderer, patience=patience)
        raise UsageError(f"source {location!r} does not exist", hint="give a path of this machine, or a URL")
    here = here.resolve()
    committed = local.read(here, ref=ref, path=path, work=work, renderer=renderer)
    if committed is not None:
        return committed
    if ref:
        raise UsageError(
            f"ref {ref!r} was given, but {here} is not in that commit",
            hint="leave out --ref to read the directory as it is",
        )
    return _directory(here, path, work, renderer)


def read_directory(path: Path, provenance: Provenance = Provenance.OPERATOR) -> Source:
    """Read manifests from a directory or file of this machine, without asking Git.

    Raises:
        UsageError: nothing is there, or it cannot be read, or holds no manifest.
    """
    here = places.expanded(path)
    if not _exists(here):
        raise UsageError(f"{path} does not exist", hint="give an existing directory of manifests")
    root, name = _split(here.resolve())
    found = reading.read(FolderStore(root, provenance), name)
    return Source(repository=str(here.resolve()), files=tuple(found.files), findings=tuple(found.findings))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="check its name and permissions") from error


def _split(location: Path) -> tuple[Path, str]:
    """The folder to read in, and the file to read there if the location is one."""
    return (location, "") if location.is_dir() else (location.parent, location.name)


def _directory(location: Path, path: str, work: Path, renderer: Renderer) -> Source:
    root, name = _split(location)
    store = FolderStore(root, Provenance.DIRECTORY)
    inside = "/".join(part for part in (name, path) if part)
    if not name:
        store, inside = _widened(store, inside)
    found = kustomize.read(store, inside, work=work, renderer=renderer)
    return Source(
        repository=str(store.root if store.root != root else location),
        files=tuple(found.files),
        path=inside if store.root != root else path,
        findings=(findings.not_a_commit(str(location)), *found.findings),
    )


def _widened(store: FolderStore, path: str) -> tuple[FolderStore, str]:
    """A folder that also holds what the kustomization at the path builds on.

    A plain folder has no root but the one that the caller happened to give, and `../../base` is a common entry. If no
    folder holds everything, the given one stays, and the reasons are told of it.
    """
    begin = paths.look(store, path)
    if begin.kind is not Kind.FOLDER or not closure.file_of(store, begin.path):
        return store, path
    wider, inside = store, path
    while closure.of(wider, inside).leads_out:
        if wider.root == wider.root.parent:
            return store, path
        inside = "/".join(part for part in (wider.root.name, inside) if part)
        wider = FolderStore(wider.root.parent, store.provenance)
    return wider, inside
