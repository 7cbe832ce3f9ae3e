"""Who wrote the lines of a file as a commit has it: `git blame`, run without anything that a repository may bring.

A repository on this machine is read through an empty one that borrows its objects: no setting of it counts, since some
run programs and `blame.ignoreRevsFile` cannot be unset. Of one elsewhere the history is fetched first, since one commit
alone does not tell who wrote its lines.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import git
from msgspec import Struct
from msgspec.structs import replace

from rebuild.model.discreet import Discreet
from rebuild.model.errors import RebuildError, Unreachable
from rebuild.source import database, locations, program, remote
from rebuild.system.shell import ProgramMissing, ProgramTimeout

PATIENCE = 60.0
"""Seconds for one file."""
_OPTIONS = ("--porcelain", "--no-textconv")
_NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""Who wrote a line must not hang on who asks."""


class Commit(Struct, frozen=True):
    """Who wrote something and when, RFC 3339; `is_boundary` where Git looks no further back."""

    sha: str
    author: str
    date: str
    is_boundary: bool = False


class Blamed(Discreet, frozen=True):
    """A file of a commit: its content, and the commit of each of its lines."""

    unshown = frozenset({"data"})

    data: bytes
    lines: tuple[Commit, ...]

    def latest(self, first: int, last: int) -> Commit | None:
        """The youngest commit among some lines, counted from 1; None where there are none."""
        return max(self.lines[max(first, 1) - 1 : last], key=lambda commit: _moment(commit.date), default=None)


class History(Struct, frozen=True):
    """What is known of some files of a commit. `is_shallow`: history ends before its beginning.

    `trouble` says why nothing is known of the others.
    """

    files: Mapping[str, Blamed]
    is_shallow: bool = False
    trouble: str = ""


def blame(location: str, *, commit: str, paths: Iterable[str], work: Path, patience: float = PATIENCE) -> History:
    """Ask who wrote the lines of some files; each is asked for once. Never raises: what is not known is said.

    Args:
        location: As for `read_source`; of a repository on this machine also its root.
        commit: The full id of the commit.
        paths: Paths from the root of the repository.
        work: A private, existing directory, where a repository from elsewhere is fetched to.
        patience: Seconds for one file.
    """
    try:
        if locations.is_url(location) or (not Path(location).exists() and locations.is_scp(location)):
            with remote.with_history(location, commit=commit, work=work) as repo:
                return _files(repo, commit, paths, patience)
        with git.Repo(location, search_parent_directories=True, expand_vars=False) as repo:
            program.prepare(repo, fetches=False)
            database.assert_own(Path(repo.common_dir))
            is_shallow = _is_shallow(repo)
            borrowing = _borrowing(Path(repo.common_dir), work)
        with git.Repo(borrowing, expand_vars=False) as repo:
            program.prepare(repo, fetches=False)
            return replace(_files(repo, commit, paths, patience), is_shallow=is_shallow)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError) as error:
        return History({}, trouble=f"{location} is no repository any more ({type(error).__name__})")
    except RebuildError as error:
        return History({}, trouble=str(error))


def _borrowing(common: Path, work: Path) -> Path:
    """A bare repository without settings that has all objects of another one, and ends where its history does."""
    bare = Path(tempfile.mkdtemp(prefix="history-", suffix=".git", dir=work))
    (bare / "refs").mkdir()
    (bare / "objects" / "info").mkdir(parents=True)
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "objects" / "info" / "alternates").write_bytes(os.fsencode((common / "objects").resolve()) + b"\n")
    if (common / "shallow").is_file():
        (bare / "shallow").write_bytes((common / "shallow").read_bytes())
    return bare


def _is_shallow(repo: git.Repo) -> bool:
    return program.run(repo.git, "rev_parse", "--is-shallow-repository").out == "true"


def _files(repo: git.Repo, commit: str, paths: Iterable[str], patience: float) -> History:
    # A Git hook that runs us has this point to its own repository.
    repo.git.update_environment(**_NO_SETTINGS, GIT_DIR=str(repo.git_dir))
    known: dict[str, Blamed] = {}
    trouble = ""
    for path in paths:
        try:
            answer = program.run_within(repo, patience, "blame", *_OPTIONS, commit, "--", path)
        except (ProgramTimeout, ProgramMissing, Unreachable) as error:
            trouble = str(error)
            continue
        if answer.status == 0:
            known[path] = _parsed(answer.out)
        else:
            trouble = f"the history of {path} cannot be read: {program.reason(answer.err)}"
    return History(known, trouble=trouble)


def _parsed(out: str) -> Blamed:
    """git-blame(1), "The Porcelain Format": what is said of a commit comes with its first line only."""
    commits: dict[str, Commit] = {}
    said: dict[str, str] = {}
    lines: list[Commit] = []
    content: list[str] = []
    sha = ""
    for row in out.split("\n"):
        if row.startswith("\t"):
            if sha not in commits:
                commits[sha] = Commit(sha, _author(said), _date(said), "boundary" in said)
            lines.append(commits[sha])
            content.append(row[1:])
            sha = ""
        elif not sha:
            sha, said = row.partition(" ")[0], {}
        else:
            name, _, value = row.partition(" ")
            said[name] = value
    return Blamed("\n".join((*content, "")).encode(errors="surrogateescape"), tuple(lines))


def _author(said: Mapping[str, str]) -> str:
    shown = f"{said.get('author', '')} {said.get('author-mail', '')}".strip()
    return shown.encode(errors="surrogateescape").decode(errors="replace")


def _date(said: Mapping[str, str]) -> str:
    """As the author's clock had it."""
    try:
        zone = int(said.get("author-tz", "+0000"))
        minutes = abs(zone) // 100 * 60 + abs(zone) % 100
        offset = timezone(timedelta(minutes=minutes if zone >= 0 else -minutes))
        return datetime.fromtimestamp(int(said.get("author-time", "0")), offset).isoformat()
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC).isoformat()


def _moment(date: str) -> datetime:
    return datetime.fromisoformat(date)
