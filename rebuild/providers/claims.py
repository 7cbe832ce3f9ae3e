"""Whose cluster is whose: one directory for each, under its name, which is taken before anything else of it exists.

All providers share the names, so a name means one cluster. A provider describes its cluster in the directory; this
module knows of that description only which provider wrote it. It starts and ends no cluster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import orjson
from filelock import FileLock, Timeout

from rebuild.model.errors import Refused, UsageError
from rebuild.system import files, places

T = TypeVar("T")

LOCK = "lock"
"""Held by whoever creates or removes the cluster."""
DESCRIPTION = "lab.json"
"""What the cluster is; its key `provider` says who made it."""
_FIRST = "kwok"
"""The provider of a description that names none, or of a directory that has no description."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


class State(StrEnum):
    """What became of a lab."""

    STARTING = "starting"
    """Another process creates or removes it right now."""
    RUNNING = "running"
    """Every part of its control plane is alive."""
    STOPPED = "stopped"
    """It was complete once, and parts of it have ended, as after a reboot."""
    ORPHAN = "orphan"
    """Its creation was cut short, or the drill that it belongs to is gone, and nobody cleaned up."""
    UNKNOWN = "unknown"
    """Docker, in which it would run, does not answer."""


class BadName(UsageError):
    """A lab's name that Kubernetes or a file system would not take."""

    code = "lab-name"


class UnknownLab(UsageError):
    """No lab has this name."""

    code = "unknown-lab"


class LabExists(Refused):
    """The name, or the kubeconfig file, is taken."""

    code = "lab-exists"


class LabBusy(Refused):
    """Another process creates or removes the lab."""

    code = "lab-busy"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"lab {', '.join(names)} is being created or removed by another process", hint="wait for that to end"
        )


def root() -> Path:
    """One directory per lab."""
    return places.state_root() / "labs"


def directory(name: str) -> Path:
    """Where a lab of this name lives, whether or not there is one.

    Raises:
        BadName: when the name is not one.
    """
    return root() / check_name(name)


def existing(name: str) -> Path:
    """Where the lab of this name lives.

    Raises:
        BadName: when the name is not one.
        UnknownLab: when there is none.
    """
    home = directory(name)
    if not home.is_dir():
        raise UnknownLab(f"there is no lab {name!r}", hint="`rebuild lab list` names those that exist")
    return home


def check_name(name: str) -> str:
    """The name, if it is a DNS label (RFC 1123) of at most 40 characters: it becomes part of a path and of a
    context.

    Raises:
        BadName: when it is not.
    """
    if not _NAME.fullmatch(name):
        raise BadName(
            f"{name!r} is not a lab name",
            hint="use at most 40 lower-case letters, digits and dashes, with a letter or digit at both ends",
        )
    return name


def homes() -> tuple[Path, ...]:
    """The directories of all labs, by name."""
    return tuple(sorted(entry for entry in root().iterdir() if entry.is_dir())) if root().is_dir() else ()


def provider_of(home: Path) -> str:
    """Who made the lab of this directory."""
    try:
        row = orjson.loads((home / DESCRIPTION).read_bytes())
        return str(row.get("provider", _FIRST))
    except (OSError, ValueError, AttributeError):
        return _FIRST


@contextmanager
def registry() -> Iterator[None]:
    """Held for moments only: while a name is claimed, or a lab's lock changes hands."""
    with FileLock(files.private_directory(root()) / ".lock"):
        yield


@contextmanager
def taken(name: str, draft: Callable[[Path], T], undo: Callable[[Path], None]) -> Iterator[T]:
    """Take a name for a lab that is to be made; it is busy as long as this lasts, and stays taken after that.

    Whatever ends this early, an interrupt between any two lines included, undoes the claim. Where that fails as well,
    the error says what removes the rest.

    Args:
        name: A DNS label.
        draft: Is given the new directory, writes the description there and returns what the lab shall be. No other
            lab is claimed meanwhile.
        undo: Is given the directory when the lab is not to be, and removes it with everything that was made.

    Raises:
        BadName: when the name is not one.
        LabExists: when there is such a lab.
    """
    home = directory(name)
    lock = FileLock(home / LOCK)
    mine = False
    try:
        with registry():
            if home.exists():
                raise LabExists(f"lab {name} exists already", hint=f"`rebuild lab down {name}` removes it")
            mine = True
            home.mkdir(mode=files.PRIVATE_DIRECTORY)
            lock.acquire()
            made = draft(home)
        yield made
    except BaseException:
        if mine and home.is_dir():
            _undone(home, undo)
        raise
    finally:
        lock.release(force=True)


def _undone(home: Path, undo: Callable[[Path], None]) -> None:
    try:
        undo(home)
    except BaseException as error:
        error.add_note(
            f"the lab {home.name} is still there, whole or in part: `rebuild lab down {home.name}` removes it"
        )
        raise


@contextmanager
def held(name: str) -> Iterator[Path | None]:
    """Keep everybody else from creating or removing a lab; gives its directory, or None when there is none.

    Raises:
        BadName: when the name is not one.
        LabBusy: when another process creates or removes it.
    """
    home = directory(name)
    with registry():
        if not home.is_dir():
            lock = None
        else:
            lock = FileLock(home / LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                raise LabBusy([name]) from error
    if lock is None:
        yield None
        return
    try:
        yield home
    finally:
        lock.release(force=True)


def is_busy(home: Path) -> bool:
    """Whether another process creates or removes the lab; to be asked while the registry is held."""
    probe = FileLock(home / LOCK)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    probe.release()
    return False
