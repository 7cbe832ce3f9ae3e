"""A repository elsewhere: one commit of it is fetched into a private bare repository and read there.

Git checks every object that comes in (`fetch.fsckObjects`), so a tree that was made by hand to escape is refused here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import git

from rebuild.model.errors import Unreachable, UsageError
from rebuild.model.sources import Source
from rebuild.source import kustomize, local, locations, program
from rebuild.source.render import Renderer, any_kubectl
from rebuild.source.tree import CommitStore
from rebuild.system.shell import ProgramTimeout

PATIENCE = 300.0
"""Seconds that a repository gets to hand over one commit."""
_FETCHED = "refs/rebuild/fetched"
# What git says when the repository answers and does not have what it was asked for.
_UNKNOWN_REF = ("couldn't find remote ref", "not our ref", "unadvertised object", "invalid refspec")


def read(
    location: str, *, ref: str, path: str, work: Path, renderer: Renderer = any_kubectl, patience: float = PATIENCE
) -> Source:
    """Fetch the commit of a ref, without its history, and read it.

    Args:
        location: A URL, or `[user@]host:path`.
        ref: A branch, a tag or a full commit id; what HEAD points to when empty.
        path: What to read of the commit.
        work: A private directory; the fetched repository stays in it.
        renderer: Which kubectl renders kustomizations.
        patience: Seconds that the repository gets to answer completely.

    Raises:
        UsageError: the ref or the path does not exist, or holds no manifest.
        Unreachable: the repository does not answer, or not to us.
    """
    wanted = locations.checked_remote_ref(ref) or "HEAD"
    shown = locations.without_credentials(location)
    with _fetched(location, wanted, work=work, patience=patience, depth=("--depth=1",)) as repo:
        sha = local.resolve(repo, _FETCHED)
        if sha is None:
            raise UsageError(f"ref {wanted!r} of {shown} names something that is not a commit", hint="name a commit")
        store = CommitStore(repo, sha, shown)
        reading = kustomize.read(store, path, work=work, renderer=renderer)
    return Source(
        repository=shown,
        files=tuple(reading.files),
        path=path,
        ref=ref,
        commit=sha,
        committed_at=store.committed_at,
        findings=tuple(reading.findings),
    )


@contextmanager
def with_history(location: str, *, commit: str, work: Path, patience: float = PATIENCE) -> Iterator[git.Repo]:
    """The repository with a commit and all that came before it.

    Args:
        location: A URL, or `[user@]host:path`.
        commit: A full commit id that `read` gave.
        work: A private directory; the fetched repository stays in it.
        patience: Seconds that the repository gets to answer completely.

    Raises:
        UsageError: the commit is not to be had any more.
        Unreachable: the repository does not answer, or not to us.
    """
    with _fetched(location, commit, work=work, patience=patience, depth=()) as repo:
        yield repo


@contextmanager
def _fetched(location: str, wanted: str, *, work: Path, patience: float, depth: tuple[str, ...]) -> Iterator[git.Repo]:
    bare = Path(tempfile.mkdtemp(prefix="source-", suffix=".git", dir=work))
    # A Git hook that runs us has these point to its own repository, and Git would put the objects there.
    here = {"GIT_DIR": str(bare), "GIT_COMMON_DIR": str(bare), "GIT_OBJECT_DIRECTORY": str(bare / "objects")}
    maker = git.Git(bare)
    maker.update_environment(**here)
    made = program.run(maker, "init", "--bare", "--quiet", "--template=", "--", str(bare))
    if made.status != 0:
        raise UsageError(f"{bare} cannot be made a repository: {program.reason(made.err)}", hint="check the disk")
    with git.Repo(bare, expand_vars=False) as repo:
        program.prepare(repo, fetches=True)
        repo.git.update_environment(**here)
        _fetch(repo, location, wanted, patience, depth)
        yield repo


def _fetch(repo: git.Repo, location: str, wanted: str, patience: float, depth: tuple[str, ...]) -> None:
    shown = locations.without_credentials(location)
    answer = _ask(
        repo,
        location,
        patience,
        "fetch",
        "--quiet",
        *depth,
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--",
        location,
        f"{wanted}:{_FETCHED}",
    )
    if answer.status == 0:
        return
    if any(sign in answer.err for sign in _UNKNOWN_REF):
        raise UsageError(f"ref {wanted!r} does not exist in {shown}", hint=_offer(repo, location, wanted, patience))
    if "fsck error" in answer.err:
        raise UsageError(
            f"{shown} cannot be trusted: {program.reason(answer.err)}",
            hint="if you know why these objects are odd, clone the repository and give its path",
        )
    raise Unreachable(
        f"{shown} cannot be fetched: {program.reason(answer.err)}",
        hint="try `git ls-remote` with the same URL: it needs the same network and credentials",
    )


def _offer(repo: git.Repo, location: str, wanted: str, patience: float) -> str:
    answer = _ask(repo, location, patience, "ls-remote", "--heads", "--tags", "--refs", "--", location)
    rows = (line.partition("\t")[2] for line in answer.out.splitlines())
    names = [row.removeprefix("refs/heads/").removeprefix("refs/tags/") for row in rows]
    return f"it has: {local.near(wanted, names)}" if names else "it has no commit yet"


def _ask(repo: git.Repo, location: str, patience: float, command: str, *operands: str) -> program.Answer:
    try:
        return program.run_within(
            repo,
            patience,
            command,
            *operands,
            options=["fetch.fsckObjects=true"],
            hide=locations.credentials(location),
        )
    except ProgramTimeout as error:
        raise Unreachable(
            f"{locations.without_credentials(location)} did not hand over the commit within {patience:g} s",
            hint="try `git ls-remote` with the same URL, or clone the repository and give its path",
        ) from error
