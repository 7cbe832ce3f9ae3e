"""A repository on this machine, read in place: its object database only, its work tree and index left as they are."""

from __future__ import annotations

import difflib
from pathlib import Path

import git

from rebuild.model.errors import UsageError
from rebuild.model.sources import Source
from rebuild.source import changes, database, findings, kustomize, paths, program
from rebuild.source.render import Renderer
from rebuild.source.tree import CommitStore


def read(location: Path, *, ref: str, path: str, work: Path, renderer: Renderer) -> Source | None:
    """Read the commit that a location of this machine belongs to.

    Args:
        location: An absolute path without links: the root of a work tree, something in it, or a bare repository.
        ref: Any revision; HEAD when empty.
        path: What to read below the location.
        work: A private directory, where a kustomization is rendered.
        renderer: Which kubectl renders it.

    Returns:
        None where the location is not in a commit: outside of any repository, untracked, or nothing committed yet.

    Raises:
        UsageError: the revision or the path does not exist, or holds no manifest.
        Refused: the repository would have objects read from elsewhere.
        Unreachable: git is missing, or the repository belongs to another user.
    """
    try:
        repo = git.Repo(location, search_parent_directories=True, expand_vars=False)
    except git.InvalidGitRepositoryError:
        return None
    with repo:
        program.prepare(repo, fetches=False)
        database.assert_own(Path(repo.common_dir))
        root = Path(repo.working_tree_dir or repo.git_dir).resolve()
        inside = _inside(repo, root, location)
        sha = resolve(repo, ref or "HEAD")
        if sha is None and (ref or repo.bare):
            raise _no_such_revision(repo, ref or "HEAD", root)
        if inside is None or sha is None:
            return None
        store = CommitStore(repo, sha, str(root))
        if paths.look(store, inside).kind is None:
            return None
        whole = "/".join(part for part in (inside, path) if part)
        reading = kustomize.read(store, whole, work=work, renderer=renderer)
        at_head = not repo.bare and (not ref or resolve(repo, "HEAD") == sha)
        changed = changes.since(repo, store, reading.folders, all_files=reading.rendered) if at_head else []
    notes = [findings.uncommitted_changes(changed, sha)] if changed else []
    return Source(
        repository=str(root),
        files=tuple(reading.files),
        path=whole,
        ref=ref,
        commit=sha,
        committed_at=store.committed_at,
        findings=(*notes, *reading.findings),
    )


def resolve(repo: git.Repo, revision: str) -> str | None:
    """The full id of the commit that a revision stands for, or None where it stands for none.

    Raises:
        UsageError: the repository names its objects by SHA-256, which GitPython cannot read.
    """
    answer = program.run(repo.git, "rev_parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if answer.status != 0:
        return None
    if len(answer.out) != 40:
        raise UsageError(
            f"the repository {repo.git_dir} uses SHA-256 object names, which cannot be read yet",
            hint="give a repository with SHA-1 object names, or a plain directory",
        )
    return answer.out


def near(wanted: str, names: list[str]) -> str:
    """The few names that are most like the wanted one, or just a few names."""
    close = difflib.get_close_matches(wanted, names, n=5, cutoff=0.5)
    return ", ".join(close or names[:5])


def _inside(repo: git.Repo, root: Path, location: Path) -> str | None:
    """Where a location stands in the tree of a commit; None for something inside of Git's own directory."""
    git_dir = Path(repo.git_dir).resolve()
    if location in (root, git_dir):
        return ""
    if location.is_relative_to(git_dir) or not location.is_relative_to(root):
        return None
    return location.relative_to(root).as_posix()


def _no_such_revision(repo: git.Repo, revision: str, root: Path) -> UsageError:
    answer = program.run(
        repo.git, "for_each_ref", "--format=%(refname:short)", "--", "refs/heads", "refs/tags", "refs/remotes"
    )
    names = answer.out.splitlines()
    return UsageError(
        f"ref {revision!r} names no commit of {root}",
        hint=f"it has: {near(revision, names)}" if names else "it has no commit yet",
    )
