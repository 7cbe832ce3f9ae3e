from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
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


DIES = """
import resource, signal, sys
from pathlib import Path
from rebuild.system import files
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
files.write(Path(sys.argv[1]), b"x" * 200_000)
"""


def nameless_files(folder: Path) -> bool:
    with suppress(OSError):
        os.close(os.open(folder, os.O_WRONLY | files._NAMELESS))
        return True
    return False


@pytest.mark.parametrize("exists", [True, False])
def test_who_is_killed_in_the_middle_of_a_write_leaves_nothing(tmp_path: Path, exists: bool) -> None:
    """The kernel kills it at the limit, as finally as `kill -9` and always with half of the file written."""
    if not nameless_files(tmp_path):
        pytest.skip("no file can be nameless on this file system")
    target = tmp_path / "report.json"
    if exists:
        target.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", DIES, target], check=False)
    assert done.returncode == -signal.SIGXFSZ
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == ({target: b"old"} if exists else {})


def test_where_no_file_can_be_nameless_it_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_NAMELESS", 0)
    test_a_written_file_is_private_and_replaces_the_old_one(tmp_path)


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
