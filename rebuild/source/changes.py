"""Which files of a work tree differ from its commit, found out without running what a repository may bring.

`git status` would compare contents through the clean filters that the repository's own configuration names, and a
filter is a program. So Git is asked for names only, and contents are compared here.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import git

from rebuild.manifests.read import SUFFIXES
from rebuild.model.errors import UsageError
from rebuild.source import paths, program
from rebuild.source import store as stores
from rebuild.source.store import Kind
from rebuild.source.tree import CommitStore

_LEFT_OUT_ON_PURPOSE = "S"


def since(repo: git.Repo, store: CommitStore, folders: tuple[str, ...], *, all_files: bool) -> list[str]:
    """The paths below some folders that differ from the commit: changed, added or gone.

    Ignored files, and those that a sparse checkout leaves out, do not count; ends of lines neither.

    Args:
        folders: Real paths of the store; a single file is one, too.
        all_files: Whether every file counts, or only those that are named like manifests.

    Raises:
        UsageError: the index of the work tree cannot be read.
    """
    names = ["."] if "" in folders else [*folders]
    options = ("-t", "-z", "--cached", "--others", "--exclude-standard", "--")
    answer = program.run(repo.git, "ls_files", *options, *names)
    if answer.status != 0:
        raise UsageError(
            f"the work tree of {repo.working_dir} cannot be compared with its commit: {program.reason(answer.err)}",
            hint="run `git status` there, or read a bare clone of it",
        )
    root = Path(str(repo.working_dir))
    listed = {entry[2:]: entry[0] for entry in answer.out.split("\0") if entry}
    committed = _committed(store, folders)
    different = []
    for path in sorted({*listed, *committed}):
        if not (all_files or path.endswith(SUFFIXES)) or listed.get(path) == _LEFT_OUT_ON_PURPOSE:
            continue
        if _differs(root / path, committed.get(path), store, path):
            different.append(stores.printable(path))
    return different


def _committed(store: CommitStore, folders: tuple[str, ...]) -> dict[str, str]:
    """The ids of the committed files by their paths."""
    found: dict[str, str] = {}
    walk = paths.Walk(store)
    for folder in folders:
        if paths.look(store, folder).kind is Kind.FILE:
            found[folder] = store.blob(folder)
            continue
        for path, _, node in walk.below(folder):
            if node.kind is Kind.FILE:
                found[path] = store.blob(path)
    return found


def _differs(path: Path, blob: str | None, store: CommitStore, name: str) -> bool:
    """Whether a file of the work tree is another than the committed one; None for what is not committed as a file."""
    try:
        status = path.lstat()
    except OSError:
        return blob is not None
    if not stat.S_ISREG(status.st_mode):
        # Links and submodules are committed as what they are; a file that became one has changed.
        return blob is not None
    if blob is None:
        return True
    if status.st_size > stores.LARGEST_FILE:
        return status.st_size != store.size(name)
    try:
        data = path.read_bytes()
    except OSError:
        return True
    return blob not in (_id(data), _id(data.replace(b"\r\n", b"\n")))


def _id(data: bytes) -> str:
    """The name that Git gives to a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
