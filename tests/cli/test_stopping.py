"""Signals at the worst moment, each in a process of its own, as it takes over their handlers."""

from __future__ import annotations

import subprocess
import sys

import pytest

_DESTROYED = """
import os, signal
from rebuild.cli import stopping

class Fragile:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who runs the tests with nohup means the tests, not this
stopping.install()
try:
    Fragile()
    signal.pause()
except BaseException as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("name", "raised"), [("SIGINT", "KeyboardInterrupt"), ("SIGTERM", "Terminated"), ("SIGHUP", "HungUp")]
)
def test_a_signal_is_not_lost_where_something_is_being_destroyed(name: str, raised: str) -> None:
    ran = in_a_process(_DESTROYED.format(name=name))

    assert ran.stdout.split() == [raised]
    assert ran.stderr == ""


def test_what_else_fails_in_a_destruction_is_still_shown() -> None:
    ran = in_a_process(_DESTROYED.format(name="NO_SUCH_SIGNAL").replace("signal.pause()", "print('on')"))

    assert ran.stdout.split() == ["on"]
    assert "NO_SUCH_SIGNAL" in ran.stderr


def in_a_process(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
