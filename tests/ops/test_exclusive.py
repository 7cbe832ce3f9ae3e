"""One run at a time on a cluster: the second is told who is first, and what a dead process held is free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rebuild.ops import exclusive
from rebuild.ops.exclusive import ClusterBusy
from rebuild.system import places, processes

UID = "../../0b6e/uid"
"""What a server says of itself is no file name."""
HOLD = """
import sys
from rebuild.ops import exclusive
with exclusive.held(sys.argv[1], run="r1", command="rebuild apply /shop"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Locks of this test alone."""
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def holder(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the cluster."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, UID], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def hold() -> None:
    with exclusive.held(UID, run="r2", command="rebuild resume r2"):
        pass


@pytest.mark.fault("R13", "two runs at once: the second is refused and told who holds the cluster")
def test_the_second_is_told_who_holds_it(holder: subprocess.Popen[str]) -> None:
    with pytest.raises(ClusterBusy) as caught:
        hold()
    me = processes.this()
    for part in ("the run r1", "`rebuild apply /shop`", f"process {holder.pid} of {me.user} on {me.host}", "since 20"):
        assert part in str(caught.value)
    assert int(caught.value.exit) == 3


@pytest.mark.fault("R13", "a run that was killed: what it held is free at once")
def test_what_a_killed_process_held_is_free(holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    hold()


def test_it_is_free_again_when_its_holder_is_done(holder: subprocess.Popen[str]) -> None:
    holder.communicate("")
    hold()
    hold()


def test_other_clusters_are_nobodys_business(holder: subprocess.Popen[str]) -> None:
    with exclusive.held("another", run="r2", command=""):
        pass


def test_who_has_not_said_who_it_is_is_not_taken_for_the_one_before(holder: subprocess.Popen[str], state: Path) -> None:
    (said,) = (path for path in (state / "clusters").iterdir() if not path.suffix)
    said.write_bytes(said.read_bytes().replace(str(holder.pid).encode(), b"1"))
    with pytest.raises(ClusterBusy, match="another run has just begun"):
        hold()
    said.write_bytes(b"{")
    with pytest.raises(ClusterBusy, match="another run has just begun"):
        hold()
