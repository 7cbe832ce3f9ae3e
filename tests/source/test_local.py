"""A repository on this machine is read from its objects, at any revision, and left as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import git
import pytest

from rebuild.model.errors import Unreachable, UsageError
from rebuild.model.objects import Provenance
from rebuild.source.open import read_directory, read_source
from tests.source.conftest import MakeRepository
from tests.source.repositories import CONFIG_MAP, commit, listing, write


def test_the_manifests_of_the_commit_are_read_in_order(repository: Path, work: Path) -> None:
    source = read_source(str(repository), work=work)
    assert [file.path for file in source.files] == ["base/a.yaml", "base/deep/b.json", "c.yml"]
    assert source.files[0].data == CONFIG_MAP.encode()
    with git.Repo(repository) as repo:
        head = repo.head.commit.hexsha
    assert (source.commit, source.committed_at) == (head, "2026-01-02T01:04:05Z")
    assert {(file.commit, file.provenance) for file in source.files} == {(head, Provenance.COMMIT)}
    assert (source.repository, source.path, source.ref, source.findings) == (str(repository), "", "", ())


def test_nothing_in_the_repository_changes(repository: Path, work: Path) -> None:
    """Also not the index, which `git status` would refresh when a file looks touched."""
    (repository / "c.yml").touch()
    before = listing(repository)
    read_source(str(repository), work=work)
    assert listing(repository) == before
    assert not list(work.iterdir())


def test_any_revision_can_be_read(repository: Path, work: Path) -> None:
    with git.Repo(repository) as repo:
        first = repo.head.commit.hexsha
        repo.create_tag("v1", message="annotated")
        repo.create_head("old")
    second = commit(repository, {"d.yaml": ""})
    for revision in ("v1", "old", first, first[:10], "HEAD~1", "main^", "refs/tags/v1"):
        source = read_source(str(repository), ref=revision, work=work)
        assert (source.commit, source.ref, len(source.files)) == (first, revision, 3)
    assert read_source(str(repository), ref="main", work=work).commit == second


def test_an_older_revision_is_read_without_looking_at_the_work_tree(repository: Path, work: Path) -> None:
    commit(repository, {"d.yaml": ""})
    write(repository, {"e.yaml": ""})
    assert read_source(str(repository), ref="HEAD~1", work=work).findings == ()


@pytest.mark.parametrize(
    ("location", "path", "read"),
    [
        ("", "base", ["base/a.yaml", "base/deep/b.json"]),
        ("", "base/deep/", ["base/deep/b.json"]),
        ("", "base/a.yaml", ["base/a.yaml"]),
        ("base", "", ["base/a.yaml", "base/deep/b.json"]),
        ("base", "deep", ["base/deep/b.json"]),
        ("base/a.yaml", "", ["base/a.yaml"]),
        (".git", "base/deep", ["base/deep/b.json"]),
    ],
)
def test_a_path_and_a_location_below_the_root_select(
    repository: Path, work: Path, location: str, path: str, read: list[str]
) -> None:
    source = read_source(str(repository / location), path=path, work=work)
    assert [file.path for file in source.files] == read
    assert source.repository == str(repository)
    assert source.path == "/".join(part for part in (location.removeprefix(".git"), path.rstrip("/")) if part)
    assert source.commit


def test_a_folder_of_the_repository_can_be_read_as_it_was(repository: Path, work: Path) -> None:
    commit(repository, {"base/later.yaml": ""})
    source = read_source(str(repository / "base"), ref="HEAD~1", work=work)
    assert [file.path for file in source.files] == ["base/a.yaml", "base/deep/b.json"]


def test_a_bare_repository_and_a_linked_work_tree_are_repositories(
    repository: Path, work: Path, tmp_path: Path
) -> None:
    with git.Repo(repository) as repo:
        repo.clone(str(tmp_path / "bare.git"), bare=True).close()
        repo.git.worktree("add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    side = commit(tmp_path / "linked", {"side.yaml": ""})
    bare = read_source(str(tmp_path / "bare.git"), work=work)
    assert len(bare.files) == 3
    assert bare.commit
    assert bare.findings == ()
    linked = read_source(str(tmp_path / "linked"), work=work)
    assert (linked.commit, len(linked.files)) == (side, 4)


def test_uncommitted_manifests_are_reported_and_not_read(repository: Path, work: Path) -> None:
    write(repository, {"base/a.yaml": "changed", "base/new.yaml": "", "other/new.yml": "", "README.md": "changed"})
    (repository / "c.yml").unlink()
    source = read_source(str(repository), work=work)
    [finding] = source.findings
    assert finding.code == "uncommitted-changes"
    assert finding.message.startswith("4 manifest file(s)")
    assert [file.path for file in source.files] == ["base/a.yaml", "base/deep/b.json", "c.yml"]
    assert source.files[0].data == CONFIG_MAP.encode()
    [below] = read_source(str(repository), path="base", work=work).findings
    assert below.message.startswith("2 manifest file(s)")
    assert read_source(str(repository), path="base/deep", work=work).findings == ()


def test_a_work_tree_that_cannot_be_compared_is_an_error(repository: Path, work: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"damaged")
    with pytest.raises(UsageError, match=r"cannot be compared with its commit: .*index file"):
        read_source(str(repository), work=work)


def test_ignored_files_are_no_uncommitted_changes(repository: Path, work: Path) -> None:
    commit(repository, {".gitignore": "rendered/\n"})
    write(repository, {"rendered/x.yaml": CONFIG_MAP})
    assert read_source(str(repository), work=work).findings == ()


def test_an_untracked_folder_of_a_work_tree_is_a_plain_directory(repository: Path, work: Path) -> None:
    write(repository, {"rendered/x.yaml": CONFIG_MAP})
    source = read_source(str(repository / "rendered"), work=work)
    assert [finding.code for finding in source.findings] == ["not-a-commit"]
    assert (source.commit, [file.path for file in source.files]) == ("", ["x.yaml"])
    with pytest.raises(UsageError, match=r"'main' was given, but .*rendered is not in that commit"):
        read_source(str(repository / "rendered"), ref="main", work=work)


def test_a_repository_without_a_commit_is_a_plain_directory(tmp_path: Path, work: Path) -> None:
    git.Repo.init(tmp_path / "fresh").close()
    write(tmp_path / "fresh", {"a.yaml": CONFIG_MAP})
    source = read_source(str(tmp_path / "fresh"), work=work)
    assert [finding.code for finding in source.findings] == ["not-a-commit"]
    with pytest.raises(UsageError, match="names no commit") as refused:
        read_source(str(tmp_path / "fresh"), ref="main", work=work)
    assert refused.value.hint == "it has no commit yet"


def test_submodules_are_reported_and_not_followed(make_repository: MakeRepository, work: Path) -> None:
    root = make_repository({"a.yaml": CONFIG_MAP})
    with git.Repo(root) as repo:
        repo.git.update_index("--add", "--cacheinfo", f"160000,{'1' * 40},vendored")
        repo.git.commit("--quiet", "--message=links")
    source = read_source(str(root), work=work)
    assert [file.path for file in source.files] == ["a.yaml"]
    assert [(finding.code, str(finding.origin)) for finding in source.findings] == [("submodule-skipped", "vendored:1")]
    with pytest.raises(UsageError, match="the submodule vendored"):
        read_source(str(root), path="vendored/x", work=work)


def test_an_unknown_revision_names_what_is_near(repository: Path, work: Path) -> None:
    with git.Repo(repository) as repo:
        repo.create_head("release-1.4")
    with pytest.raises(UsageError, match=r"ref 'release-1\.5' names no commit of /") as refused:
        read_source(str(repository), ref="release-1.5", work=work)
    assert refused.value.hint == "it has: release-1.4"


def test_a_missing_path_names_the_folders_there_are(repository: Path, work: Path) -> None:
    with pytest.raises(UsageError, match="path 'manifests' does not exist") as refused:
        read_source(str(repository), path="manifests", work=work)
    assert refused.value.hint == "the root has the folders: base"
    with pytest.raises(UsageError) as deeper:
        read_source(str(repository), path="base/shallow", work=work)
    assert deeper.value.hint == "`base` has the folders: deep"


@pytest.mark.parametrize("path", ["docs", "docs/a.md"])
def test_a_path_without_manifests_is_an_error(make_repository: MakeRepository, work: Path, path: str) -> None:
    root = make_repository({"docs/a.md": "x", "a.yaml": ""})
    with pytest.raises(UsageError, match=f"no manifests in {path} of {root}"):
        read_source(str(root), path=path, work=work)


def test_a_name_that_is_a_pattern_is_only_a_name(make_repository: MakeRepository, work: Path) -> None:
    root = make_repository({"*/a.yaml": "", "b/a.yaml": "", ":(top)/a.yaml": ""})
    write(root, {"b/a.yaml": "changed"})
    for path in ("*", ":(top)"):
        source = read_source(str(root), path=path, work=work)
        assert ([file.path for file in source.files], source.findings) == ([f"{path}/a.yaml"], ())


def test_a_path_in_another_encoding_can_still_be_shown(repository: Path, work: Path) -> None:
    (repository / os.fsdecode(b"gr\xfcn.yaml")).write_text("")
    commit(repository)
    source = read_source(str(repository), work=work)
    assert [file.path for file in source.files][-1] == "gr\ufffdn.yaml"
    assert read_directory(repository).files[-1].path == "gr\ufffdn.yaml"


def test_hooks_and_programs_of_a_repository_do_not_run(repository: Path, work: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    hooks = ["post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor"]
    for name in hooks:
        hook = repository / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    with git.Repo(repository) as repo, repo.config_writer() as config:
        config.set_value("core", "fsmonitor", str(repository / ".git" / "hooks" / "fsmonitor"))
    (repository / "c.yml").touch()
    read_source(str(repository), work=work)
    assert not canary.exists()
    with git.Repo(repository) as repo:
        repo.git.status()
    assert canary.exists(), "the canary has to be alive"


def test_a_commit_id_stands_for_its_own_content(repository: Path, work: Path) -> None:
    with git.Repo(repository) as repo:
        first = repo.head.commit.hexsha
        second = commit(repository, {"d.yaml": ""})
        repo.git.replace(second, first)
    assert len(read_source(str(repository), ref=second, work=work).files) == 4


def test_objects_that_a_partial_clone_lacks_are_not_fetched_into_it(
    repository: Path, work: Path, tmp_path: Path
) -> None:
    with git.Repo(repository) as repo, repo.config_writer() as config:
        config.set_value("uploadpack", "allowFilter", "true")
    partial = tmp_path / "partial"
    git.Git().clone("--quiet", "--no-checkout", "--filter=blob:none", f"file://{repository}", str(partial))
    before = listing(partial)
    with pytest.raises(UsageError, match="not in this repository") as refused:
        read_source(str(partial), work=work)
    assert "URL of its origin" in refused.value.hint
    assert listing(partial) == before


def test_a_repository_of_another_user_is_refused_with_the_remedy(
    repository: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Unreachable, match=f"'{repository}' belongs to another user") as refused:
        read_source(str(repository), work=work)
    assert refused.value.hint.endswith(f"git config --global --add safe.directory {repository}")


def test_a_run_from_inside_a_git_hook_reads_what_it_is_told_to(
    repository: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    with git.Repo.init(other):
        commit(other, {"o.yaml": ""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    source = read_source(str(repository), work=work)
    assert [file.path for file in source.files] == ["base/a.yaml", "base/deep/b.json", "c.yml"]
    assert source.findings == ()


def test_sha256_repositories_are_refused_by_name(tmp_path: Path, work: Path) -> None:
    git.Git().init("--quiet", "--object-format=sha256", str(tmp_path / "new"))
    program = git.Git(tmp_path / "new")
    program.commit("--quiet", "--allow-empty", "--message=x")
    with pytest.raises(UsageError, match="SHA-256"):
        read_source(str(tmp_path / "new"), work=work)


def test_a_machine_without_git_reads_directories_and_says_what_commits_need(repository: Path, tmp_path: Path) -> None:
    write(tmp_path / "plain", {"a.yaml": CONFIG_MAP})
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from rebuild.source.open import read_source\n"
        "print(len(read_source(sys.argv[1], work=Path()).files))\n"
        "read_source(sys.argv[2], work=Path())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "plain"), str(repository)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "1\n"
    assert "Unreachable: the program `git` cannot be run" in done.stderr
