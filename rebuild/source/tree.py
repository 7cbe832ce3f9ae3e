"""The files of one commit, straight from Git's objects: nothing is checked out, so no filter, hook or link acts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TypeAlias

import git
from git.exc import ODBError
from git.objects.submodule.base import Submodule

from rebuild.manifests.read import SUFFIXES
from rebuild.model.errors import UsageError
from rebuild.model.findings import Finding
from rebuild.model.objects import Origin, Provenance
from rebuild.model.sources import SourceFile
from rebuild.source import findings, program

Entry: TypeAlias = git.Blob | git.Tree | Submodule


@dataclass(slots=True)
class Reading:
    """What was read of a commit: files in the order of their paths, and what had to be left out."""

    commit: str
    committed_at: str
    files: list[SourceFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read(repo: git.Repo, sha: str, path: str, where: str) -> Reading:
    """Read the manifests of a commit.

    Args:
        sha: The full id of the commit.
        path: A folder or a file of the commit, from its root; empty for all of it.
        where: What messages call the repository.

    Raises:
        UsageError: the path does not exist in the commit, is a link or submodule, or holds no manifest; or
            the repository lacks objects of the commit.
    """
    try:
        commit = repo.commit(sha)
        committed_at = datetime.fromtimestamp(commit.committed_date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        reading = Reading(sha, committed_at)
        start = _start(commit.tree, path, where, sha)
        for entry in sorted(_below(start), key=lambda entry: str(entry.path)):
            _take(reading, entry)
    except (ValueError, ODBError) as error:
        raise program.missing(f"commit {sha}", error) from error
    if not reading.files:
        raise findings.no_manifests(f"{path or 'the root'} of {where} at commit {sha[:12]}")
    return reading


def contains(repo: git.Repo, sha: str, path: str) -> bool:
    """Whether a path exists in a commit."""
    if not path:
        return True
    try:
        repo.commit(sha).tree.join(path)
    except KeyError:
        return False
    except (ValueError, ODBError) as error:
        raise program.missing(f"commit {sha}", error) from error
    return True


def _start(root: git.Tree, path: str, where: str, sha: str) -> git.Tree | git.Blob:
    here: Entry = root
    for step in PurePosixPath(path).parts:
        entries = {_name(entry): entry for entry in here} if isinstance(here, git.Tree) else {}
        if step not in entries:
            folders = sorted(name for name, entry in entries.items() if isinstance(entry, git.Tree))
            place = f"`{here.path}`" if here.path else "the root"
            raise UsageError(
                f"path {path!r} does not exist in {where} at commit {sha[:12]}",
                hint=f"{place} has the folders: {', '.join(folders[:20])}" if folders else f"{place} has no folders",
            )
        here = entries[step]
        if isinstance(here, Submodule):
            raise UsageError(
                f"path {path!r} leads into the submodule {here.path}, whose files are in another repository",
                hint="give that repository as the source",
            )
        if isinstance(here, git.Blob) and here.mode == git.Blob.link_mode:
            raise UsageError(
                f"path {path!r} leads through {here.path}, a symbolic link to {_target(here)!r}",
                hint="give the path that the link stands for",
            )
    if isinstance(here, git.Blob) and not _name(here).endswith(SUFFIXES):
        raise findings.no_manifests(f"{path} of {where} at commit {sha[:12]}")
    assert not isinstance(here, Submodule)
    return here


def _below(start: git.Tree | git.Blob) -> Iterator[git.Blob | Submodule]:
    waiting: list[Entry] = [start]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, git.Tree):
            waiting.extend(entry)
        else:
            yield entry


def _take(reading: Reading, entry: git.Blob | Submodule) -> None:
    path = _text(str(entry.path))
    origin = Origin(path, 1, reading.commit, Provenance.COMMIT)
    if isinstance(entry, Submodule):
        reading.findings.append(findings.skipped("submodule", origin))
    elif entry.mode == git.Blob.link_mode:
        if findings.may_lead_to_manifests(_name(entry)):
            reading.findings.append(findings.skipped("symlink", origin, _target(entry)))
    elif _name(entry).endswith(SUFFIXES):
        data = entry.data_stream.read()
        reading.files.append(SourceFile(path, data, reading.commit, Provenance.COMMIT))


def _name(entry: Entry) -> str:
    """GitPython knows a submodule's name only from .gitmodules, which may not list it."""
    return str(entry.path).rpartition("/")[2]


def _target(link: git.Blob) -> str:
    return str(link.data_stream.read().decode(errors="replace"))


def _text(path: str) -> str:
    """A path that can be printed and written as JSON; Git's paths are bytes in any encoding."""
    return path.encode(errors="surrogateescape").decode(errors="replace")
