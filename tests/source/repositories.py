"""How tests make commits, and how they see that a repository was left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import git

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files, with the folders that they need."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(root: Path, files: Mapping[str, str] | None = None) -> str:
    """Write files and commit everything in the work tree; returns the commit's id."""
    write(root, files or {})
    with git.Repo(root) as repo:
        repo.git.add("--all")
        repo.git.commit("--quiet", "--allow-empty", "--message=test")
        return repo.head.commit.hexsha


def listing(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file below a directory, with its mode, its time of change and its content."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(root.rglob("*"))
    }
