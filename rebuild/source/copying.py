"""Folders of a store into a private folder: each file made new, none outside, within the caps.

Only links that lead to something in the same store come along, as links to its copy, after all files are written: so
nothing is ever written through one, and nothing that follows one leaves the copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rebuild.model.errors import UsageError
from rebuild.source import paths
from rebuild.source import store as stores
from rebuild.source.store import Kind, Store
from rebuild.system import files


def copy(store: Store, folders: Iterable[str], links: Iterable[str], target: Path) -> None:
    """Copy folders with all that is below them, each to its own place below the target.

    A file over the limit for one file is left out: it is no manifest, and what needs it says so.

    Args:
        folders: Real paths of the store.
        links: Links to copy beside those in the folders.
        target: A private folder; made if it is not there.

    Raises:
        UsageError: together they are more than may be copied, or two names are the same for this file system.
    """
    walk, total, found = paths.Walk(store), 0, set(links)
    for folder in _outermost(folders):
        for path, name, node in walk.below(folder):
            if node.kind is Kind.LINK and paths.is_safe(name):
                found.add(path)
            if node.kind is not Kind.FILE or not paths.is_safe(name):
                continue
            size = store.size(path)
            if size > stores.LARGEST_FILE:
                continue
            total += size
            if total > stores.LARGEST_SOURCE:
                raise stores.too_much(store)
            write(target, path, store.data(path))
    for link in sorted(found):
        end = paths.look(store, link)
        if end.kind is Kind.FILE and not (target / end.path).exists() and store.size(end.path) <= stores.LARGEST_FILE:
            write(target, end.path, store.data(end.path))
        if end.kind in (Kind.FILE, Kind.FOLDER):
            _link(target, link, end.path)


def write(root: Path, path: str, data: bytes) -> None:
    """Make one private file below a root, and the folders that it needs.

    Raises:
        UsageError: the path would lead out of the root, or something stands there.
    """
    steps = path.split("/")
    if not all(paths.is_safe(step) for step in steps):
        raise UsageError(f"{stores.printable(path)!r} is no path that can be written", hint="run `git fsck`")
    place = root.joinpath(*steps)
    with _said(path):
        files.private_directory(place.parent)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, files.PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)


def _link(root: Path, link: str, end: str) -> None:
    place = root.joinpath(*link.split("/"))
    with _said(link):
        files.private_directory(place.parent)
        place.symlink_to(os.path.relpath(root / end, place.parent))


@contextmanager
def _said(path: str) -> Iterator[None]:
    shown = stores.printable(path)
    try:
        yield
    except FileExistsError as error:
        raise UsageError(
            f"{shown!r} has a twin whose name differs only in case, and this file system keeps one",
            hint="rename one of them, or work on a file system that tells them apart",
        ) from error
    except OSError as error:
        raise UsageError(f"{shown!r} cannot be written: {error.strerror}", hint="check the disk") from error


def _outermost(folders: Iterable[str]) -> list[str]:
    """The folders without those that are in another one of them."""
    kept: list[str] = []
    for folder in sorted(folders):
        if not any(not outer or f"{folder}/".startswith(f"{outer}/") for outer in kept):
            kept.append(folder)
    return kept
