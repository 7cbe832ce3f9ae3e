"""A plain directory is read as it is, and said to be no commit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rebuild.model.errors import UsageError
from rebuild.model.findings import Severity
from rebuild.model.objects import Provenance
from rebuild.source.open import read_directory, read_source
from tests.source.repositories import CONFIG_MAP, write


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A directory that is in no repository."""
    root = tmp_path / "plain"
    write(root, {"b.yml": "", "a/z.yaml": CONFIG_MAP, "a.json": "{}", "notes.txt": "", ".git/x.yaml": "no"})
    return root


def test_a_plain_directory_is_read_with_a_warning(plain: Path, work: Path) -> None:
    source = read_source(str(plain), work=work)
    assert [file.path for file in source.files] == ["a.json", "a/z.yaml", "b.yml"]
    assert source.files[1].data == CONFIG_MAP.encode()
    assert {(file.commit, file.provenance) for file in source.files} == {("", Provenance.DIRECTORY)}
    assert (source.repository, source.commit, source.committed_at) == (str(plain), "", "")
    [finding] = source.findings
    assert (finding.code, finding.severity) == ("not-a-commit", Severity.WARNING)
    assert "not a commit: nobody can rebuild this tomorrow" in finding.message


def test_a_path_selects_and_origins_stay_relative_to_the_directory(plain: Path, work: Path) -> None:
    source = read_source(str(plain), path="a", work=work)
    assert ([file.path for file in source.files], source.path) == (["a/z.yaml"], "a")


def test_a_single_file_is_a_source(plain: Path, work: Path) -> None:
    source = read_source(str(plain / "a" / "z.yaml"), work=work)
    assert [file.path for file in source.files] == ["z.yaml"]


def test_a_relative_location_is_reported_by_its_full_path(
    plain: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(plain)
    assert read_source(".", work=work).repository == str(plain)


def test_a_ref_needs_a_commit(plain: Path, work: Path) -> None:
    with pytest.raises(UsageError, match="ref 'v1' was given"):
        read_source(str(plain), ref="v1", work=work)


def test_what_is_not_there_is_named(plain: Path, work: Path) -> None:
    with pytest.raises(UsageError, match="nowhere' does not exist"):
        read_source(str(plain / "nowhere"), work=work)
    with pytest.raises(UsageError, match="path 'b' does not exist") as refused:
        read_source(str(plain), path="b", work=work)
    assert refused.value.hint == "the root has the folders: a"
    with pytest.raises(UsageError, match=r"path 'b\.yml/x' does not exist"):
        read_source(str(plain), path="b.yml/x", work=work)


def test_nothing_to_read_is_an_error(tmp_path: Path, work: Path) -> None:
    write(tmp_path / "docs", {"a.md": "x"})
    with pytest.raises(UsageError, match=r"no manifests in .*docs: it holds no file that ends in \.yaml"):
        read_source(str(tmp_path / "docs"), work=work)


def test_links_out_of_the_folder_and_pipes_are_reported_and_not_followed(plain: Path, work: Path) -> None:
    (plain / "link.yaml").symlink_to("/etc/passwd")
    (plain / "folder").symlink_to("/etc")
    (plain / "logo.png").symlink_to("a.json")
    os.mkfifo(plain / "pipe.yaml")
    source = read_source(str(plain), work=work)
    assert [file.path for file in source.files] == ["a.json", "a/z.yaml", "b.yml"]
    assert [(finding.code, str(finding.origin)) for finding in source.findings[1:]] == [
        ("broken-symlink", "folder:1"),
        ("broken-symlink", "link.yaml:1"),
        ("special-file-skipped", "pipe.yaml:1"),
    ]


def test_the_location_itself_may_be_a_link(plain: Path, work: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(plain)
    assert read_source(str(tmp_path / "current"), work=work).repository == str(plain)


def test_an_operator_vouches_for_what_is_outside_of_git(plain: Path) -> None:
    source = read_directory(plain)
    assert {file.provenance for file in source.files} == {Provenance.OPERATOR}
    assert source.findings == ()


def test_a_missing_directory_of_the_operator_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        read_directory(tmp_path / "nowhere")
