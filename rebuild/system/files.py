"""The one way to write a file: whole or not at all, private, and on disk when the call returns.

Kubeconfigs and journals hold credentials or evidence, so readers other than the owner are shut out from the
first byte on, and a crash leaves the old content or the new, never a half.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
_NAMELESS = getattr(os, "O_TMPFILE", 0) if os.access("/proc/self/fd", os.X_OK) else 0
"""Opens a file that is gone when its process dies. Without it, a directory cannot be opened for writing."""


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
    draft = None
    try:
        descriptor = os.open(path.parent, os.O_WRONLY | _NAMELESS, PRIVATE_FILE)
    except OSError:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
            draft = draft or _named(descriptor, path)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            if draft:
                draft.unlink()
        raise
    sync_directory(path.parent)


def _named(descriptor: int, path: Path) -> Path:
    """Give a nameless file a name beside the path, which it may not take itself as long as something stands there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        # With a directory's descriptor Python calls linkat(2), which follows the link in /proc, as link(2) does not.
        os.link(f"/proc/self/fd/{descriptor}", draft.name, dst_dir_fd=directory)
    finally:
        os.close(directory)
    return draft


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
