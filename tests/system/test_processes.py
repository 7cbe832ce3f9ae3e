from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

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


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own call is made by its number")
def test_a_process_lives_as_long_as_one_of_its_threads_though_its_first_is_a_zombie() -> None:
    """As after SIGKILL, when the threads end one by one: its files and ports are not free yet."""
    script = """
        import ctypes, os, platform, threading
        threading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()
        ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE)
    known = processes.identity(child.pid)
    while ") Z " not in Path(f"/proc/{child.pid}/stat").read_text():
        assert child.poll() is None
    assert processes.lives(known)
    child.communicate(b".")
    assert not processes.lives(known)


def test_nobody_is_not_alive() -> None:
    assert not processes.lives("")
    assert not processes.lives("not a process")
