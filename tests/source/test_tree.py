"""The files of a commit that are read next come in one go, and one at a time where they are too much for that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import git
import pytest

from rebuild.model.errors import UsageError
from rebuild.source import program, tree
from rebuild.source.tree import CommitStore
from tests.source.repositories import commit

FILES = {f"{number}.yaml": f"{number}" * number for number in range(6)}


@pytest.fixture
def store(repository: Path) -> Iterator[CommitStore]:
    """The last commit of a repository; the same content stands in it twice."""
    sha = commit(repository, {**FILES, "again.yaml": FILES["3.yaml"]})
    with git.Repo(repository) as repo:
        program.prepare(repo, fetches=False)
        found = CommitStore(repo, sha, str(repository))
        found.children("")
        yield found


def read(store: CommitStore) -> dict[str, str]:
    """What the store has of the files."""
    found = {name: store.data(name).decode() for name in FILES}
    assert {name: store.size(name) for name in FILES} == {name: len(text) for name, text in found.items()}
    return found


def lose_objects(repository: Path) -> None:
    """Take away every object of a repository."""
    for folder in (repository / ".git" / "objects").iterdir():
        shutil.rmtree(folder)


def test_nothing_is_asked_again_of_files_that_were_expected(repository: Path, store: CommitStore) -> None:
    store.expect([*FILES, "again.yaml"])
    lose_objects(repository)
    assert read(store) == FILES
    assert store.data("again.yaml").decode() == FILES["3.yaml"]


@pytest.mark.parametrize("room", [0, 1, 3, 6, 15])
def test_what_is_too_much_to_come_at_once_comes_when_it_is_asked_for(
    store: CommitStore, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(tree, "_AHEAD", room)
    store.expect(FILES)
    assert read(store) == FILES


def test_a_file_that_is_too_large_keeps_no_other_from_coming_at_once(
    repository: Path, store: CommitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "_AHEAD", 4)
    store.expect(["5.yaml", "1.yaml", "2.yaml"])
    lose_objects(repository)
    assert (store.data("1.yaml"), store.data("2.yaml")) == (b"1", b"22")
    with pytest.raises(UsageError):
        store.data("5.yaml")


def test_files_that_are_not_expected_are_read_as_well(store: CommitStore) -> None:
    assert read(store) == FILES


def test_objects_that_are_gone_are_an_error(repository: Path, store: CommitStore) -> None:
    lose_objects(repository)
    with pytest.raises(UsageError, match=r"objects of commit \w{40} are not in this repository \(git says of \w{40}: "):
        store.expect(FILES)
