"""The one way to write a file: whole or not at all, private, and on disk when the call returns.

Kubeconfigs and journals hold credentials or evidence, so readers other than the owner are shut out from the
first byte on, and a crash leaves the old content or the new, never a half.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


def private_directory(path: Path) -> Path:
    """Make the directory and those missing above it with mode 0700. One that exists keeps its mode."""
    missing = [path, *path.parents]
    for directory in reversed([p for p in missing if not p.exists()]):
        directory.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    return path


def write(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Put the data in place of whatever the file held; it is durable when this returns.

    Raises:
        OSError: as the file system says; the old content then still stands.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
        publish(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def write_new(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Create the file with the data.

    Raises:
        FileExistsError: when anything, a dangling link included, stands at the path; it is left as it is.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    sync_directory(path.parent)


def publish(draft: Path, path: Path) -> None:
    """Move a finished file into its place on the same file system; content and name are then durable."""
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
