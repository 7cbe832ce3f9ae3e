"""What a source reports besides its files: that it is no commit, and what of it was not read."""

from __future__ import annotations

from rebuild.manifests.read import SUFFIXES
from rebuild.model.errors import UsageError
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Origin
from rebuild.source.locations import without_credentials
from rebuild.source.store import LARGEST_FILE


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


def skipped(what: str, origin: Origin) -> Finding:
    """An entry that is neither a file nor a folder nor a link: a submodule, a special file."""
    return Finding(
        f"{what.replace(' ', '-')}-skipped",
        Severity.WARNING,
        f"{origin.path} is a {what}; what it leads to is not read",
        origin=origin,
        next_step="give what it leads to as a source of its own, or put the manifests in its place",
    )


def broken_link(name: str, target: str, trouble: str, origin: Origin) -> Finding:
    """A link that leads to nothing of the source. One that is named like a manifest declares something we lack."""
    return Finding(
        "broken-symlink",
        Severity.ERROR if name.endswith(SUFFIXES) else Severity.WARNING,
        f"{origin.path} is a symbolic link to {target!r}, which {trouble}; nothing outside of a source is read",
        origin=origin,
        next_step="put what it leads to in its place",
    )


def unsafe_name(name: str, origin: Origin) -> Finding:
    """An entry that no program would write into a folder, such as `..`: somebody made it by hand."""
    return Finding(
        "unsafe-name",
        Severity.ERROR,
        f"an entry is named {name!r}, which no file can be",
        origin=origin,
        next_step="find out who made this commit: `git fsck` shows the tree",
    )


def too_large(size: int, origin: Origin) -> Finding:
    """A file over the limit, of which nothing was read."""
    return Finding(
        "file-too-large",
        Severity.ERROR,
        f"{origin.path} has {size:,} bytes and is not read; the limit is {LARGEST_FILE:,}",
        origin=origin,
        next_step="split it, or take it out of the folder of the manifests",
    )


def lfs_pointer(origin: Origin) -> Finding:
    """A manifest whose content is on another server: filters do not run here."""
    return Finding(
        "lfs-pointer",
        Severity.ERROR,
        f"{origin.path} is a pointer of Git LFS; its content is not in the repository",
        origin=origin,
        next_step="keep manifests in Git itself: `git lfs migrate export --include=<path>`",
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


def remote_base(field: str, text: str, origin: Origin) -> Finding:
    """An entry that kustomize would download."""
    return Finding(
        "remote-base",
        Severity.ERROR,
        f"{field} names {without_credentials(text)!r}, which is not in this source; nothing is downloaded",
        origin=origin,
        next_step="commit a copy of it and name that: a rebuild must not depend on somebody else's server",
    )


def not_loadable(field: str, text: str, trouble: str, origin: Origin) -> Finding:
    """An entry that stands for nothing of the source."""
    return Finding(
        "kustomize-entry-missing",
        Severity.ERROR,
        f"{field} names {text!r}, which {trouble}",
        origin=origin,
        next_step="correct the entry, or give a source that holds it too, and the folder with --path",
    )


def kustomization_loop(loop: list[str], origin: Origin) -> Finding:
    """Kustomizations that build on each other."""
    return Finding(
        "kustomize-loop",
        Severity.ERROR,
        f"these kustomizations build on each other: {' -> '.join(loop)}",
        origin=origin,
        next_step="take one of the entries out",
    )


def too_many_kustomizations(limit: int, origin: Origin) -> Finding:
    """More kustomizations than anybody wrote by hand."""
    return Finding(
        "kustomize-too-many",
        Severity.ERROR,
        f"more than {limit} kustomizations build on each other",
        origin=origin,
        next_step="render them in parts",
    )


def kustomization_unreadable(problem: str, origin: Origin) -> Finding:
    """A kustomization that is not YAML, or not a mapping."""
    return Finding(
        "kustomization-unreadable",
        Severity.ERROR,
        f"the kustomization cannot be read: {problem}",
        origin=origin,
        next_step="try `kubectl kustomize` on its folder",
    )


def helm_in_kustomization(field: str, origin: Origin) -> Finding:
    """A chart inside of a kustomization: kustomize would start helm, and that the network."""
    return Finding(
        "helm-in-kustomization",
        Severity.ERROR,
        f"{field} asks kustomize to run helm, which it is not allowed to",
        origin=origin,
        next_step="render the chart with `helm template` and commit the result as a resource",
    )


def component_alone(origin: Origin) -> Finding:
    """A component with nothing to stand on."""
    return Finding(
        "component-alone",
        Severity.ERROR,
        "a Component changes the objects of a Kustomization, and none stands in a folder above it",
        origin=origin,
        next_step="give the folder of a Kustomization that lists it under `components`",
    )


def component_on(base: str, origin: Origin) -> Finding:
    """What a component that was given by itself is rendered with."""
    return Finding(
        "component-on-nearest",
        Severity.INFO,
        f"a Component is rendered on the nearest Kustomization above it, {base}",
        origin=origin,
    )


def not_isolated(origin: Origin) -> Finding:
    """kustomize ran where it could have reached the network."""
    return Finding(
        "kustomize-not-isolated",
        Severity.INFO,
        "this machine cannot take the network away from kustomize; that it loads nothing remote was checked beforehand",
        origin=origin,
    )


def not_rendered(reason: str, origin: Origin) -> Finding:
    """kustomize refused, or was stopped."""
    return Finding(
        "kustomize-failed",
        Severity.ERROR,
        f"kustomize: {reason}",
        origin=origin,
        next_step="try `kubectl kustomize` on its folder",
    )
