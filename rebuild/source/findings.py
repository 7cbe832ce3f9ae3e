"""What a source reports besides its files: that it is no commit, and what of it was not read."""

from __future__ import annotations

from rebuild.manifests.read import SUFFIXES
from rebuild.model.errors import UsageError
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Origin


def not_a_commit(location: str) -> Finding:
    """A plain directory: what is read here may be gone or different tomorrow."""
    return Finding(
        "not-a-commit",
        Severity.WARNING,
        f"{location} is not a commit: nobody can rebuild this tomorrow",
        next_step="commit it to a Git repository and give that",
    )


def uncommitted_changes(paths: list[str], commit: str) -> Finding:
    """Manifests of the work tree that differ from the commit that is read."""
    some = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    return Finding(
        "uncommitted-changes",
        Severity.WARNING,
        f"{len(paths)} manifest file(s) of the work tree differ from commit {commit[:12]} and are not read as they "
        f"are on disk: {some}",
        next_step="commit them if they belong to what is to be rebuilt",
    )


def skipped(what: str, origin: Origin, leads_to: str = "") -> Finding:
    """An entry that is neither a file nor a folder: a symbolic link, a submodule, a special file."""
    target = f" to {leads_to!r}" if leads_to else ""
    return Finding(
        f"{what.replace(' ', '-')}-skipped",
        Severity.WARNING,
        f"{origin.path} is a {what}{target} and is not followed; what it leads to is not read",
        origin=origin,
        next_step="give what it leads to as a source of its own, or put the manifests in its place",
    )


def may_lead_to_manifests(name: str) -> bool:
    """Whether a link of this name may stand for a manifest, or for a folder of them."""
    return name.endswith(SUFFIXES) or "." not in name.lstrip(".")


def no_manifests(where: str) -> UsageError:
    """The error for a source in which nothing can be read."""
    return UsageError(
        f"no manifests in {where}: it holds no file that ends in {', '.join(SUFFIXES)}",
        hint="give the folder of the manifests with --path",
    )
