"""Manifests from a plain directory or a single file: readable today, and vouched for by nobody but its owner."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from rebuild.manifests.read import SUFFIXES
from rebuild.model.errors import UsageError
from rebuild.model.findings import Finding
from rebuild.model.objects import Origin, Provenance
from rebuild.model.sources import Source, SourceFile
from rebuild.source import findings


def read(location: Path, *, path: str = "", provenance: Provenance) -> Source:
    """Read the manifests below a directory, in the order of their paths; links are reported and not followed.

    Args:
        location: A directory or a file, absolute.
        path: What to read below it.
        provenance: Who vouches for the files.

    Raises:
        UsageError: nothing is there, or it cannot be read, or holds no manifest.
    """
    start = location / path
    files: list[SourceFile] = []
    notes = [findings.not_a_commit(str(location))] if provenance is Provenance.DIRECTORY else []
    root = location if location.is_dir() else location.parent
    try:
        for found in _below(start):
            name = found.relative_to(root).as_posix().encode(errors="surrogateescape").decode(errors="replace")
            mode = found.lstat().st_mode
            if stat.S_ISREG(mode):
                if name.endswith(SUFFIXES):
                    files.append(SourceFile(name, found.read_bytes(), provenance=provenance))
            elif findings.may_lead_to_manifests(found.name):
                notes.append(_skipped(found, mode, Origin(name, 1, provenance=provenance)))
    except FileNotFoundError as error:
        raise UsageError(f"path {path!r} does not exist in {location}", hint=_offer(location)) from error
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be read: {error.strerror}", hint="check its owner and permissions"
        ) from error
    if not files:
        raise findings.no_manifests(str(start))
    return Source(repository=str(location), files=tuple(files), path=path, findings=tuple(notes))


def _below(start: Path) -> Iterator[Path]:
    """Everything but directories, sorted; `.git` is Git's own."""
    waiting, found = [start], []
    while waiting:
        here = waiting.pop()
        if stat.S_ISDIR(here.lstat().st_mode):
            waiting.extend(child for child in here.iterdir() if child.name != ".git")
        else:
            found.append(here)
    return iter(sorted(found, key=lambda path: path.as_posix()))


def _skipped(found: Path, mode: int, origin: Origin) -> Finding:
    if stat.S_ISLNK(mode):
        return findings.skipped("symlink", origin, str(found.readlink()))
    return findings.skipped("special file", origin)


def _offer(location: Path) -> str:
    folders = sorted(child.name for child in location.iterdir() if child.is_dir()) if location.is_dir() else []
    return f"it has the folders: {', '.join(folders[:20])}" if folders else "it has no folders"
