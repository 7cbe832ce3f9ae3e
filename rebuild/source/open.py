"""One door to all sources: a commit where there is one, a plain directory where there is none.

Reads and never writes: not the repository, not its work tree, not the index. What is fetched goes to a directory of
the caller.
"""

from __future__ import annotations

from pathlib import Path

from rebuild.model.errors import UsageError
from rebuild.model.objects import Provenance
from rebuild.model.sources import Source
from rebuild.source import directory, local, locations, remote


def read_source(location: str, *, ref: str = "", path: str = "", work: Path) -> Source:
    """Read the manifests that a location declares.

    Args:
        location: The path of a Git repository or of something in its work tree, a URL (https, ssh, file),
            `[user@]host:path`, or a plain directory or file.
        ref: The revision to read; HEAD when empty.
        path: The folder or file to read below the location.
        work: A private, existing directory, where a remote repository is fetched to.

    Returns:
        The files `*.yaml`, `*.yml` and `*.json` in the order of their paths, which are relative to the root of the
        repository or of the plain directory.

    Raises:
        UsageError: an argument makes no sense, or there is nothing to read at what it names.
        Unreachable: the repository does not answer, or git cannot read it.
    """
    ref, path = locations.checked_ref(ref), locations.checked_path(path)
    if locations.is_url(location):
        return remote.read(location, ref=ref, path=path, work=work)
    here = Path(location).expanduser()
    if not here.exists():
        if locations.is_scp(location):
            return remote.read(location, ref=ref, path=path, work=work)
        raise UsageError(f"source {location!r} does not exist", hint="give a path of this machine, or a URL")
    here = here.resolve()
    committed = local.read(here, ref=ref, path=path)
    if committed is not None:
        return committed
    if ref:
        raise UsageError(
            f"ref {ref!r} was given, but {here} is not in that commit",
            hint="leave out --ref to read the directory as it is",
        )
    return directory.read(here, path=path, provenance=Provenance.DIRECTORY)


def read_directory(path: Path, provenance: Provenance = Provenance.OPERATOR) -> Source:
    """Read manifests from a directory or file of this machine, without asking Git.

    Raises:
        UsageError: nothing is there, or it cannot be read, or holds no manifest.
    """
    here = path.expanduser()
    if not here.exists():
        raise UsageError(f"{path} does not exist", hint="give an existing directory of manifests")
    return directory.read(here.resolve(), provenance=provenance)
