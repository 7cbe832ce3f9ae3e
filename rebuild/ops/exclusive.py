"""One run at a time writes to a cluster from this machine: who comes second is told who came first.

The lock is the operating system's, so it ends with its process, however that ends, and nobody has to break one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import orjson
from msgspec import Struct

from rebuild.model.errors import DiskTrouble, Refused
from rebuild.model.facts import Process
from rebuild.system import clock, encoding, files, places, processes


class ClusterBusy(Refused):
    """Another run on this machine writes to the cluster."""

    code: ClassVar[str] = "cluster-busy"


class Holder(Struct, frozen=True):
    """Who writes to a cluster; `since` is RFC 3339 in UTC."""

    run: str
    command: str
    since: str
    process: Process

    def __str__(self) -> str:
        pid = self.process.id.partition("@")[0]
        return (
            f"the run {self.run} has been writing to it since {self.since}: `{self.command}`, "
            f"process {pid} of {self.process.user} on {self.process.host}"
        )


@contextmanager
def held(uid: str, *, run: str, command: str) -> Iterator[None]:
    """Keep every other run of this machine from the cluster as long as this lasts.

    Args:
        uid: the cluster.
        run: the name of who holds it.
        command: what the user called, without credentials.

    Raises:
        ClusterBusy: when another run holds it.
        DiskTrouble: when the state directory cannot be written.
    """
    path = _path(uid)
    try:
        lock = _locked(files.private_directory(path.parent) / f"{path.name}.lock")
    except BlockingIOError as error:
        holder = _holder(path)
        raise ClusterBusy(
            f"the cluster {uid} is taken: {holder or 'another run has just begun to write to it'}",
            hint="nothing was written; wait until that ends, or stop it with Ctrl-C",
        ) from error
    except OSError as error:
        raise _trouble(path, error) from error
    try:
        me = Holder(run, command, clock.stamp(clock.now()), processes.this())
        try:
            files.write(path, encoding.as_json(me))
        except OSError as error:
            raise _trouble(path, error) from error
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(lock)


def _locked(path: Path) -> int:
    """The descriptor of a lock file that is ours until it is closed.

    Not filelock's, which waits and nests as well, and takes longer to import than all the rest of this room.

    Raises:
        BlockingIOError: when it is somebody else's.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, files.PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _holder(path: Path) -> Holder | None:
    """Who holds the lock, unless it has not said so yet and this is what somebody killed has left."""
    try:
        row = orjson.loads(path.read_bytes())
        holder = Holder(row["run"], row["command"], row["since"], Process(**row["process"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return holder if processes.still_runs(holder.process) else None


def _path(uid: str) -> Path:
    """A server may call itself anything, so its name is not a file's."""
    return places.state_root() / "clusters" / hashlib.sha256(uid.encode()).hexdigest()[:32]


def _trouble(path: Path, error: OSError) -> DiskTrouble:
    return DiskTrouble(
        f"{path} cannot be written: {error.strerror}",
        hint="make room or set REBUILD_STATE_DIR to a directory that can be written",
    )
