"""`rebuild lab install` by two at once, and after one that was killed, with a stand-in for Go that builds when told to.

The cache holds all programs but one, as when an installation was interrupted.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest

from rebuild.providers.kwok import binaries
from rebuild.system import places
from tests.e2e.support import Running, rebuild

GO = """#!/bin/sh
case "$1" in
env) echo go1.99.0 ;;
list) echo "$3" ;;
install)
    printf 'first half,' >"$GOBIN/kwok"
    read told <"$GATE" || exit 1
    echo ' second half' >>"$GOBIN/kwok"
    echo "$0" >>"$CALLS" ;;
esac
"""
INSTALL = ("lab", "install")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine whose Go waits at a gate, in the middle of what it builds."""

    environment: dict[str, str]
    gate: Path
    calls: Path
    programs: Path

    @contextmanager
    def waiting_go(self) -> Iterator[BinaryIO]:
        """Go, as soon as it stands at the gate, for as long as this lasts; with a line it goes on, else it gives up."""
        # Opening blocks until somebody reads.
        with self.gate.open("wb") as gate:
            yield gate


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    programs = binaries.home() / "bin"
    programs.mkdir(parents=True)
    for binary in binaries.ALL:
        (programs / binary.name).write_text("whole")
    (programs / "kwok").unlink()
    go = tmp_path / "path" / "go"
    go.parent.mkdir()
    go.write_text(GO)
    go.chmod(0o755)
    gate, calls = tmp_path / "gate", tmp_path / "calls"
    os.mkfifo(gate)
    path = f"{go.parent}{os.pathsep}{os.environ['PATH']}"
    return Machine({"PATH": path, "GATE": str(gate), "CALLS": str(calls)}, gate, calls, programs)


def test_of_two_installations_at_once_the_second_says_that_it_waits(machine: Machine) -> None:
    first = Running(*INSTALL, **machine.environment)
    first.until("building kwok (3 of 7)")
    second = Running(*INSTALL, **machine.environment)
    second.until("waiting for another installation to end")
    assert not (machine.programs / "kwok").exists(), "what is half done is not in the cache"

    with machine.waiting_go() as gate:
        gate.write(b"go on\n")

    for running in (first, second):
        ran = running.end()
        assert (ran.code, ran.stdout) == (0, f"{machine.programs}\n"), ran.stderr
    assert (machine.programs / "kwok").read_text() == "first half, second half\n"
    assert len(machine.calls.read_text().splitlines()) == 1


def test_an_installation_that_was_killed_is_gone_on_with(machine: Machine) -> None:
    first = Running(*INSTALL, **machine.environment)
    with machine.waiting_go():
        first.send(signal.SIGKILL)
    assert first.end().code == -signal.SIGKILL
    assert binaries.cached() is None

    second = Running(*INSTALL, **machine.environment)
    with machine.waiting_go() as gate:
        gate.write(b"go on\n")

    assert second.end().code == 0
    assert (machine.programs / "kwok").read_text() == "first half, second half\n"
    assert (machine.programs / "etcd").read_text() == "whole"
    assert rebuild(*INSTALL, **machine.environment).code == 0
    assert len(machine.calls.read_text().splitlines()) == 1
