"""A repository elsewhere is fetched bare, one commit deep, and nothing that it brings is executed."""

from __future__ import annotations

from pathlib import Path

import git
import pytest

from rebuild.model.errors import Unreachable, UsageError
from rebuild.source.open import read_source
from tests.source.repositories import CONFIG_MAP, commit, listing


@pytest.fixture
def url(repository: Path) -> str:
    """The address of the repository, as Git fetches it."""
    return f"file://{repository}"


def test_the_default_branch_is_read(repository: Path, url: str, work: Path) -> None:
    before = listing(repository)
    source = read_source(url, path="base", work=work)
    assert [file.path for file in source.files] == ["base/a.yaml", "base/deep/b.json"]
    assert source.files[0].data == CONFIG_MAP.encode()
    with git.Repo(repository) as repo:
        assert source.commit == repo.head.commit.hexsha
    assert (source.repository, source.path, source.committed_at) == (url, "base", "2026-01-02T01:04:05Z")
    assert listing(repository) == before


def test_branches_tags_and_full_ids_are_refs(repository: Path, url: str, work: Path) -> None:
    with git.Repo(repository) as repo:
        first = repo.head.commit.hexsha
        repo.create_tag("v1", message="annotated")
        repo.create_head("old/one")
    commit(repository, {"d.yaml": ""})
    for ref in ("v1", "old/one", "refs/heads/old/one", first):
        source = read_source(url, ref=ref, work=work)
        assert (source.commit, source.ref, len(source.files)) == (first, ref, 3)
    assert len(read_source(url, ref="main", work=work).files) == 4


def test_the_copy_is_bare_one_commit_deep_and_holds_no_other_ref(repository: Path, url: str, work: Path) -> None:
    commit(repository, {"d.yaml": ""})
    with git.Repo(repository) as repo:
        repo.create_tag("v1")
    read_source(url, work=work)
    [copy] = work.iterdir()
    assert not (copy / "hooks").exists()
    assert not list(copy.rglob("*.yaml"))
    with git.Repo(copy) as repo:
        assert repo.bare
        assert [ref.path for ref in repo.refs] == ["refs/rebuild/fetched"]
        assert repo.git.rev_list("--count", "--all") == "1"


def test_hooks_of_the_users_configuration_do_not_run(url: str, work: Path, tmp_path: Path) -> None:
    canary, hooks = tmp_path / "canary", tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {canary}\n")
    (hooks / "reference-transaction").chmod(0o755)
    with (tmp_path / "gitconfig").open("a") as config:
        config.write(f"[core]\n\thooksPath = {hooks}\n")
    read_source(url, work=work)
    assert not canary.exists()
    with git.Repo.init(tmp_path / "other"):
        commit(tmp_path / "other")
    assert canary.exists(), "the canary has to be alive"


def test_the_users_configuration_stays_in_force(repository: Path, work: Path, tmp_path: Path) -> None:
    """Credential helpers, proxies and rewritten addresses live there."""
    with (tmp_path / "gitconfig").open("a") as config:
        config.write(f'[url "file://{repository.parent}/"]\n\tinsteadOf = https://git.example.com/\n')
    source = read_source("https://git.example.com/repository", work=work)
    assert (source.repository, len(source.files)) == ("https://git.example.com/repository", 3)


def test_a_configuration_cannot_widen_the_list_of_protocols(work: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    with (tmp_path / "gitconfig").open("a") as config:
        config.write(f'[url "ext::touch {canary} "]\n\tinsteadOf = https://git.example.com/\n')
        config.write("[protocol]\n\tallow = always\n")
    with pytest.raises(Unreachable, match="transport 'ext' not allowed"):
        read_source("https://git.example.com/x", work=work)
    assert not canary.exists()


def test_an_unknown_ref_names_what_is_near(repository: Path, url: str, work: Path) -> None:
    with git.Repo(repository) as repo:
        repo.create_head("release-1.4")
    with pytest.raises(UsageError, match=r"ref 'release-1\.5' does not exist in file://") as refused:
        read_source(url, ref="release-1.5", work=work)
    assert refused.value.hint == "it has: release-1.4"
    with pytest.raises(UsageError, match="does not exist") as unknown:
        read_source(url, ref="1" * 40, work=work)
    assert unknown.value.hint == "it has: main, release-1.4"


def test_an_empty_repository_says_that_it_is_empty(tmp_path: Path, work: Path) -> None:
    git.Repo.init(tmp_path / "empty.git", bare=True).close()
    with pytest.raises(UsageError, match="'HEAD' does not exist") as refused:
        read_source(f"file://{tmp_path}/empty.git", work=work)
    assert refused.value.hint == "it has no commit yet"


def test_a_tag_of_something_else_than_a_commit_is_refused(repository: Path, url: str, work: Path) -> None:
    with git.Repo(repository) as repo:
        repo.git.tag("blob", "HEAD:README.md")
    with pytest.raises(UsageError, match=r"'blob' .* is not a commit"):
        read_source(url, ref="blob", work=work)


def test_a_missing_path_names_the_folders_there_are(url: str, work: Path) -> None:
    with pytest.raises(UsageError, match=f"path 'x' does not exist in {url}") as refused:
        read_source(url, path="x", work=work)
    assert refused.value.hint == "the root has the folders: base"


def test_an_absent_repository_is_unreachable(tmp_path: Path, work: Path) -> None:
    with pytest.raises(Unreachable, match="does not appear to be a git repository") as refused:
        read_source(f"file://{tmp_path}/nowhere", work=work)
    assert refused.value.exit == 5


def test_a_refused_connection_is_unreachable_and_shows_no_password(work: Path) -> None:
    """Port 9 is the discard service, which nobody runs."""
    with pytest.raises(Unreachable) as refused:
        read_source("https://me:hunter2@127.0.0.1:9/r.git?token=hunter3", work=work)
    assert str(refused.value).startswith("https://127.0.0.1:9/r.git cannot be fetched: ")
    assert "hunter" not in str(refused.value)


def test_ssh_is_reached_through_the_users_configuration(
    repository: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that stands in for ssh runs the command that Git sends to the host."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\necho "$@" >>"$0.log"\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    with (tmp_path / "gitconfig").open("a") as config:
        config.write(f"[core]\n\tsshCommand = {ssh}\n[ssh]\n\tvariant = ssh\n")
    monkeypatch.chdir(tmp_path)
    source = read_source(f"git@git.example.com:{repository}", work=work)
    assert (source.repository, len(source.files)) == (f"git@git.example.com:{repository}", 3)
    assert "git@git.example.com git-upload-pack" in (tmp_path / "ssh.log").read_text()


def test_a_run_from_inside_a_git_hook_writes_only_to_the_private_directory(
    repository: Path, url: str, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    with git.Repo.init(other):
        commit(other, {"o.yaml": ""})
    before = listing(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert len(read_source(url, work=work).files) == 3
    assert listing(other) == before
