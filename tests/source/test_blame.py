"""Who wrote which line of a commit, and that nothing which a repository brings is run for it."""

from __future__ import annotations

from pathlib import Path

import git
import pytest

from rebuild.source.blame import blame
from tests.source.canaries import Canary
from tests.source.conftest import MakeRepository
from tests.source.repositories import commit


@pytest.fixture
def history(make_repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two lines of two authors."""
    root = make_repository({"base/a.yaml": "one: 1\ntwo: 2\n", "b.yaml": "b\n"})
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Béla")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-03-04T05:06:07-03:30")
    commit(root, {"base/a.yaml": "one: 1\ntwo: 3\n"})
    return root


def head(root: Path) -> str:
    with git.Repo(root) as repo:
        return repo.head.commit.hexsha


def test_each_line_has_its_commit(history: Path, work: Path) -> None:
    found = blame(str(history), commit=head(history), paths=["base/a.yaml"], work=work)

    file = found.files["base/a.yaml"]
    assert file.data == b"one: 1\ntwo: 3\n"
    assert [(one.author, one.date) for one in file.lines] == [
        ("A <a@example.com>", "2026-01-02T03:04:05+02:00"),
        ("Béla <a@example.com>", "2026-03-04T05:06:07-03:30"),
    ]
    assert file.lines[1].sha == head(history)
    assert file.latest(1, 2) == file.lines[1]
    assert file.latest(1, 1) == file.lines[0]
    assert file.latest(3, 9) is None
    assert (found.is_shallow, found.trouble) == (False, "")


def test_a_remote_repository_is_fetched_with_its_history(history: Path, work: Path) -> None:
    found = blame(f"file://{history}", commit=head(history), paths=["base/a.yaml", "b.yaml"], work=work)
    assert len({line.sha for line in found.files["base/a.yaml"].lines}) == 2
    assert not found.is_shallow


def test_the_end_of_a_shallow_history_is_marked(history: Path, work: Path, tmp_path: Path) -> None:
    git.Repo.clone_from(f"file://{history}", tmp_path / "shallow", depth=1).close()
    found = blame(str(tmp_path / "shallow"), commit=head(history), paths=["base/a.yaml"], work=work)
    assert found.is_shallow
    assert all(line.is_boundary for line in found.files["base/a.yaml"].lines)


def test_a_bare_and_a_linked_work_tree_are_read_as_well(history: Path, work: Path, tmp_path: Path) -> None:
    git.Repo.clone_from(str(history), tmp_path / "bare", bare=True).close()
    with git.Repo(history) as repo:
        repo.git.worktree("add", "--detach", str(tmp_path / "linked"))
    for place in (tmp_path / "bare", tmp_path / "linked"):
        assert "b.yaml" in blame(str(place), commit=head(history), paths=["b.yaml"], work=work).files


@pytest.mark.parametrize("path", ["gone.yaml", "--contents=/etc/passwd", ":(top)b.yaml", "../b.yaml"])
def test_a_file_that_the_commit_does_not_have_is_said(history: Path, work: Path, path: str) -> None:
    found = blame(str(history), commit=head(history), paths=[path, "b.yaml"], work=work)
    assert list(found.files) == ["b.yaml"]
    assert "cannot be read" in found.trouble


def test_a_repository_that_is_gone_is_said(work: Path, tmp_path: Path) -> None:
    for place in (str(tmp_path / "nothing"), f"file://{tmp_path}/nothing"):
        found = blame(place, commit="0" * 40, paths=["a"], work=work)
        assert not found.files
        assert "nothing" in found.trouble


def test_a_file_that_takes_too_long_is_said(history: Path, work: Path) -> None:
    found = blame(str(history), commit=head(history), paths=["b.yaml"], work=work, patience=0.0)
    assert not found.files
    assert "did not end" in found.trouble


def test_nothing_that_the_repository_configures_is_run(history: Path, work: Path, tmp_path: Path) -> None:
    canary = Canary(tmp_path)
    commit(history, {".gitattributes": "*.yaml diff=evil filter=evil\n"})
    with git.Repo(history) as repo, repo.config_writer() as config:
        for name in ("diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "core.fsmonitor", "core.pager"):
            section, _, option = name.rpartition(".")
            section, _, part = section.partition(".")
            config.set_value(f'{section} "{part}"' if part else section, option, str(canary.command))
        config.set_value("blame", "ignoreRevsFile", "gone")
    found = blame(str(history), commit=head(history), paths=["base/a.yaml"], work=work)
    assert len(found.files["base/a.yaml"].lines) == 2
    assert not canary.sang
