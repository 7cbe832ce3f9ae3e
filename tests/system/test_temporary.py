"""The private directory of a process, seen from other processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

CLAIM = (
    "import tempfile; from rebuild.system import temporary; temporary.claim(); print(tempfile.gettempdir(), flush=True)"
)


class Holder:
    """A process that claims a directory and keeps it until it is told to end."""

    def __init__(self, root: Path, more: str = "") -> None:
        code = f"{CLAIM}; {more or 'pass'}; input()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "TMPDIR": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.home = Path(self.process.stdout.readline().strip())

    def end(self) -> None:
        self.process.communicate("\n")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_it_is_private_and_goes_with_its_process(tmp_path: Path) -> None:
    holder = Holder(tmp_path, "tempfile.NamedTemporaryFile(delete=False).close()")
    assert holder.home.parent == tmp_path
    assert stat.S_IMODE(holder.home.stat().st_mode) == 0o700
    holder.end()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_at_the_next_start_and_a_living_ones_stays(tmp_path: Path) -> None:
    killed, living = Holder(tmp_path), Holder(tmp_path)
    (killed.home / "key.pem").write_text("private")
    killed.kill()
    assert killed.home.exists()
    next_ = Holder(tmp_path)
    assert not killed.home.exists()
    assert living.home.exists()
    living.end()
    next_.end()


@pytest.mark.parametrize("trap", ["link", "file", "no lock", "lock is a link"])
def test_nothing_is_removed_that_only_bears_the_name(tmp_path: Path, trap: str) -> None:
    root, precious = tmp_path / "tmp", tmp_path / "precious"
    root.mkdir()
    precious.mkdir()
    (precious / "owner.lock").touch()
    name = root / f"rebuild-{os.getuid()}-trap"
    if trap == "link":
        name.symlink_to(precious)
    elif trap == "file":
        name.touch()
    else:
        name.mkdir()
    if trap == "lock is a link":
        (name / "owner.lock").symlink_to(precious / "owner.lock")
    Holder(root).end()
    assert os.path.lexists(name)
    assert (precious / "owner.lock").exists()
