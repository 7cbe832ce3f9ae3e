from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rebuild.system import files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_written_file_is_private_and_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "config"
    target.write_bytes(b"old")
    target.chmod(0o644)
    files.write(target, b"new")
    assert (target.read_bytes(), mode(target)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_content_and_no_draft(tmp_path: Path) -> None:
    target = tmp_path / "config"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        files.write(target, b"new")
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_never_replaces_one_that_exists(tmp_path: Path) -> None:
    target = tmp_path / "kubeconfig"
    files.write_new(target, b"first")
    with pytest.raises(FileExistsError):
        files.write_new(target, b"second")
    assert (target.read_bytes(), mode(target)) == (b"first", 0o600)


def test_a_new_file_is_not_written_through_a_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "kubeconfig"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        files.write_new(link, b"secret")
    assert not (tmp_path / "elsewhere").exists()


def test_missing_directories_are_private_and_existing_ones_keep_their_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    made = files.private_directory(tmp_path / "a" / "b")
    assert [mode(tmp_path), mode(made.parent), mode(made)] == [0o755, 0o700, 0o700]
