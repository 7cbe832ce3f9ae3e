"""How the git program is run: nothing asks, nothing executes what a repository brings, nothing is written into one.

The user's own Git configuration stays in force, because credential helpers, `insteadOf`, proxies and `core.sshCommand`
live there and private repositories need them. The repository is what is not trusted: a fetched one is made here with
an empty template and holds no configuration but ours, and what both could switch on is switched off by `-c`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import git
from git.exc import ODBError
from msgspec import Struct

from rebuild.model.errors import RebuildError, Unreachable, UsageError
from rebuild.source.locations import SCHEMES
from rebuild.system import shell

_OPTIONS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
_SETTINGS = [part for option in _OPTIONS for part in ("-c", option)]
# What git adds to every failure to connect, and which says nothing about this one.
_PLATITUDES = ("hint:", "warning:", "Please make sure you have", "and the repository exists")
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    # `status` would refresh the index of the user's repository.
    "GIT_OPTIONAL_LOCKS": "0",
    # A path is a path, also with `*` or `:(` in it.
    "GIT_LITERAL_PATHSPECS": "1",
    # A commit id stands for one content, whatever refs/replace says on this machine.
    "GIT_NO_REPLACE_OBJECTS": "1",
}


class Answer(Struct, frozen=True):
    """What one run of git said."""

    status: int
    out: str
    err: str


def prepare(repo: git.Repo, *, fetches: bool) -> None:
    """Set the rules for all git programs that this repository object will start.

    Args:
        repo: Its persistent object readers are under the same rules.
        fetches: Whether the network may be used. Git would otherwise fetch the missing objects of a partial
            clone into the user's repository.
    """
    allowed = ":".join(SCHEMES) if fetches else "none"
    repo.git.set_persistent_git_options(c=list(_OPTIONS))
    repo.git.update_environment(**_ENVIRONMENT, GIT_ALLOW_PROTOCOL=allowed)


def run(program: git.Git, command: str, *operands: str, hide: Iterable[str] = ()) -> Answer:
    """Run one git command to its end; a status other than 0 is an answer, too.

    Raises:
        Unreachable: git is not installed, or refuses a repository that belongs to somebody else.
    """
    try:
        status, out, err = getattr(program, command)(*operands, with_extended_output=True, with_exceptions=False)
    except git.GitCommandNotFound as error:
        raise Unreachable("the program `git` cannot be run", hint="install Git and put it on the PATH") from error
    for secret in hide:
        err = err.replace(secret, "***")
    if "dubious ownership" in err:
        raise not_ours(err)
    return Answer(status, out, err)


def run_within(
    repo: git.Repo, seconds: float, command: str, *operands: str, options: Iterable[str] = (), hide: Iterable[str] = ()
) -> Answer:
    """Run one git command that talks to another machine, under the rules that the repository was prepared with.

    Args:
        seconds: After these it is killed, with the helpers and the ssh that it started.
        options: More configuration for this command only.

    Raises:
        ProgramTimeout: the time is over.
        ProgramMissing: git is not installed.
        Unreachable: git refuses a repository that belongs to somebody else.
    """
    settings = [*_SETTINGS, *(part for option in options for part in ("-c", option))]
    environment = {**os.environ, **repo.git.environment(), "LANGUAGE": "C", "LC_ALL": "C"}
    line = [git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *settings, command, *operands]
    done = shell.run(line, env=environment, cwd=Path(repo.git_dir), timeout=seconds, own_session=True)
    err = done.stderr.decode(errors="replace")
    for secret in hide:
        err = err.replace(secret, "***")
    if "dubious ownership" in err:
        raise not_ours(err)
    return Answer(done.code, done.stdout.decode(errors="surrogateescape"), err)


def objects(repo: git.Repo, ids: Iterable[str], *, contents: bool = False) -> Iterator[tuple[str, int, bytes]]:
    """Objects in the order of their ids: each with its size and, if asked for, its content.

    Raises:
        ValueError: when one of them is not there, or is damaged.
    """
    wanted = list(ids)
    if not wanted:
        return
    option = "--batch" if contents else "--batch-check"
    line = [git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_SETTINGS, "cat-file", "--buffer", option]
    asked = "".join(f"{sha}\n" for sha in wanted).encode()
    out = shell.run(
        line, stdin=asked, env={**os.environ, **repo.git.environment()}, cwd=Path(repo.git.working_dir or repo.git_dir)
    ).stdout
    at = 0
    for sha in wanted:
        end = out.find(b"\n", at)
        head = out[at : max(end, at)]
        size = head.rpartition(b" ")[2]
        if not head.startswith(sha.encode()) or not size.isdigit():
            raise ValueError(f"git says of {sha}: {head[:100].decode(errors='replace') or 'nothing'}")
        at, length = end + 1, int(size) if contents else 0
        data = out[at : at + length]
        if len(data) < length:
            raise ValueError(f"{sha} is cut short")
        yield sha, int(size), data
        at += length + 1 if contents else 0


def not_ours(err: str) -> RebuildError:
    """The error for a repository of another user, made from what git says about it."""
    first, _, rest = err.partition("\n")
    path = first.partition("'")[2].rpartition("'")[0]
    command = next((line.strip() for line in rest.splitlines() if "safe.directory" in line), "")
    return Unreachable(
        f"the repository {path!r} belongs to another user, and git refuses to read it",
        hint=f"if you trust it, run: {command}" if command else "if you trust it, add it to Git's safe.directory",
    )


def reason(err: str) -> str:
    """The lines of git's error output that say what happened, as one sentence."""
    lines = [line.removeprefix("fatal: ").removeprefix("error: ").strip() for line in err.splitlines()]
    kept = [line for line in lines if line and not line.startswith(_PLATITUDES)]
    return "; ".join(kept) or "git gave no reason"


@contextmanager
def damage(commit: str) -> Iterator[None]:
    """Objects that a repository should have and does not (a partial clone), or has in pieces.

    Raises:
        UsageError: in place of what GitPython raises then.
    """
    try:
        yield
    except (ValueError, IndexError, ODBError) as error:
        raise UsageError(
            f"objects of commit {commit} are not in this repository ({error})",
            hint="run `git fsck`; of a partial clone, give the URL of its origin instead",
        ) from error
