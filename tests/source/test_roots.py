"""What belongs to a source on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.source import roots


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with a folder in it, and a neighbour."""
    for folder in ("repo/.git", "repo/deploy", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_a_folder_of_a_work_tree_belongs_to_the_whole_of_it(tree: Path) -> None:
    assert roots.root(str(tree / "repo" / "deploy")) == tree / "repo"


def test_a_linked_work_tree_is_one(tree: Path) -> None:
    (tree / "elsewhere" / ".git").write_text("gitdir: ../repo/.git/worktrees/elsewhere\n")
    assert roots.root(str(tree / "elsewhere")) == tree / "elsewhere"


def test_a_plain_directory_reaches_as_far_as_itself(tree: Path) -> None:
    file = tree / "elsewhere" / "a.yaml"
    file.touch()
    assert roots.root(str(tree / "elsewhere")) == tree / "elsewhere"
    assert roots.root(str(file)) == tree / "elsewhere"


@pytest.mark.parametrize("location", ["https://git.example.com/env.git", "git@example.com:env.git", "/nonexistent"])
def test_a_remote_source_is_not_on_this_machine(location: str) -> None:
    assert roots.root(location) is None


def test_links_into_and_out_of_a_work_tree_belong_to_it(tree: Path) -> None:
    repo, outside = tree / "repo", tree / "elsewhere" / "config"
    outside.touch()
    (repo / "inside").touch()
    (repo / "link-out").symlink_to(outside)
    (tree / "elsewhere" / "link-in").symlink_to(repo / "inside")
    (tree / "elsewhere" / "folder").symlink_to(repo)
    inside = [
        repo / "inside",
        repo / "deploy" / ".." / "inside",
        repo / "link-out",
        tree / "elsewhere" / "link-in",
        tree / "elsewhere" / "folder" / "inside",
        tree / "elsewhere" / ".." / "repo" / "inside",
    ]
    assert [file for file in inside if not roots.holds(repo, file)] == []
    assert not roots.holds(repo, outside)
    assert not roots.holds(repo, tree / "repo-of-another-name")
