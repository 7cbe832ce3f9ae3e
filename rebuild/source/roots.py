"""How far a source of this machine reaches: what lies in its work tree was written by whoever wrote the source."""

from __future__ import annotations

from pathlib import Path

from rebuild.system import places


def root(location: str) -> Path | None:
    """The work tree or plain directory that a source belongs to, absolute and without links; None for a remote one."""
    try:
        here = places.expanded(location).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        # Nothing is there, or nothing that could be read: a name that is too long, a link that leads to itself.
        return None
    start = here if here.is_dir() else here.parent
    # A work tree has the directory `.git` at its root, a submodule or a linked one a file of that name.
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)


def holds(root: Path, file: Path) -> bool:
    """Whether a file stands below a root, or is a link to one that does."""
    # The folder is resolved and the name is not: a link in the repository was put there by the repository.
    return (file.parent.resolve() / file.name).is_relative_to(root) or file.resolve().is_relative_to(root)
