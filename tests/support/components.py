"""The programs of a lab's control plane, which a test may end and start again. Linux only: they are found in /proc."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rebuild.providers.kwok import lab as labs
from rebuild.providers.kwok.api import Api, ApiError
from rebuild.providers.kwok.lab import Lab
from rebuild.system import processes, shell

_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Component:
    """One that runs, with everything that it takes to start it as it was."""

    lab: Lab
    name: str
    pid: int
    command: tuple[str, ...]
    environment: dict[str, str]
    directory: Path
    log: Path

    def kill(self) -> None:
        """It dies without warning; returns once it is gone."""
        known = processes.identity(self.pid)
        os.kill(self.pid, signal.SIGKILL)
        _until(lambda: not processes.lives(known), f"{self.name} is gone")

    def start(self) -> None:
        """Once more, as it was; it is not waited for."""
        shell.launch(self.command, log=self.log, cwd=self.directory, env=self.environment)


def of(lab: Lab, name: str) -> Component:
    """The running component of this name."""
    (pid,) = processes.matching(lambda command: labs.component(lab.layout, command) == name)
    proc = Path("/proc") / str(pid)
    command = proc.joinpath("cmdline").read_bytes().decode().rstrip("\0").split("\0")
    pairs = (entry.partition("=") for entry in proc.joinpath("environ").read_bytes().decode().split("\0") if entry)
    environment = {name: value for name, _, value in pairs}
    # Named as kwokctl names it: by the program's name in the lab's directory.
    program = str(lab.layout.components / name)
    return Component(
        lab,
        name,
        pid,
        (program, *command[1:]),
        environment,
        proc.joinpath("cwd").resolve(),
        proc.joinpath("fd", "1").resolve(),
    )


def until_listening(lab: Lab, name: str) -> None:
    """Wait until a component takes connections."""
    _until(lambda: _listens(lab, name), f"{name} listens")


def until_ready(lab: Lab) -> None:
    """Wait until the API server says that it is, and knows its own administrator."""
    api = Api(lab.ports["kube-apiserver"], lab.layout.pki, "rebuild-tests")

    def answers() -> bool:
        try:
            return bool(api.request("GET", "/readyz")) and bool(api.request("GET", "/api/v1/nodes"))
        except (ApiError, OSError, http.client.HTTPException):
            return False

    _until(answers, "the API server is ready")


def _listens(lab: Lab, name: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", lab.ports[name])) == 0


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
