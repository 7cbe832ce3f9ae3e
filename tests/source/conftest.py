"""Git without the configuration of whoever runs the tests, and repositories made of a few files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import git
import pytest

from tests.source.repositories import CONFIG_MAP, commit

Files: TypeAlias = Mapping[str, str]
MakeRepository: TypeAlias = Callable[[Files], Path]


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+02:00",
        "GIT_COMMITTER_NAME": "C",
        "GIT_COMMITTER_EMAIL": "c@example.com",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+02:00",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The private directory of a caller."""
    directory = tmp_path / "work"
    directory.mkdir()
    return directory


@pytest.fixture
def make_repository(tmp_path: Path) -> MakeRepository:
    """Makes a repository with a work tree and one commit."""

    def make(files: Files) -> Path:
        root = tmp_path / "repository"
        with git.Repo.init(root):
            commit(root, files)
        return root

    return make


@pytest.fixture
def repository(make_repository: MakeRepository) -> Path:
    """A repository with manifests in two folders and a file that is none."""
    return make_repository({"base/a.yaml": CONFIG_MAP, "base/deep/b.json": "{}", "c.yml": "", "README.md": "x"})
