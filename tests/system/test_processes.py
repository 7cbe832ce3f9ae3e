from __future__ import annotations

import os
import subprocess
import sys

from rebuild.system import processes


def test_a_process_is_known_by_its_number_and_its_start() -> None:
    own = processes.identity(os.getpid())
    assert own == processes.identity(os.getpid())
    assert processes.lives(own)
    assert not processes.lives(f"{own}0"), "somebody else has this number now"


def test_a_process_that_has_ended_does_not_live_even_as_a_zombie() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = processes.identity(child.pid)
    assert processes.lives(known)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.lives(known)
    child.communicate()
    assert not processes.lives(known)


def test_nobody_is_not_alive() -> None:
    assert not processes.lives("")
    assert not processes.lives("not a process")
