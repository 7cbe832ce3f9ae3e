"""`rebuild lab up` where somebody else listens on the ports that it would take, or a part of it ends."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from rebuild.providers import claims
from rebuild.providers.kwok import lab, ports
from rebuild.providers.kwok.paths import Layout
from rebuild.system import processes
from tests.e2e.support import Running, rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]


def listen(stack: ExitStack, port: int) -> None:
    """Take a port for as long as the stack lasts."""
    listener = stack.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()


def test_a_part_of_a_lab_that_ends_while_it_starts_is_started_again(lab_binaries: object, state: Path) -> None:
    layout = Layout(claims.root() / "mended")

    def controllers() -> dict[int, str]:
        # kwokctl also runs it to ask for its version.
        return processes.matching(
            lambda command: lab.component(layout, command) == "kube-controller-manager" and "--kubeconfig=" in command
        )

    running = Running("lab", "up", "mended", "--nodes", "1")
    while not (found := controllers()):
        assert running.lives
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    ran = running.end(within=120)
    assert ran.code == 0, ran.stderr
    assert controllers()
    assert rebuild("lab", "down", "mended").code == 0


def test_a_port_that_is_taken_while_the_lab_starts_is_named_at_once(lab_binaries: object, state: Path) -> None:
    home = claims.root() / "late"
    wanted = ports.choose(str(home), set(), ports.is_free)["kube-apiserver"]
    with socket.socket() as rival:
        # Bound, it is in nobody's way until it listens: the port is still free when it is chosen.
        rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        rival.bind(("127.0.0.1", wanted))
        running = Running("lab", "up", "late", "--nodes", "1")
        while not (home / claims.DESCRIPTION).exists():
            assert running.lives
        rival.listen()
        ran = running.end(within=60)
    assert ran.code == 5, ran.stderr
    assert f"port {wanted} of 127.0.0.1" in ran.stderr
    assert "[port-lost]" in ran.stderr
    assert claims.homes() == ()


def test_ports_that_somebody_listens_on_are_passed_over(lab_binaries: object, state: Path) -> None:
    home = claims.root() / "elsewhere"
    wanted = ports.choose(str(home), set(), ports.is_free)
    with ExitStack() as stack:
        for part in ("etcd", "kube-apiserver", "kwok-controller"):
            listen(stack, wanted[part])
        ran = rebuild("lab", "up", "elsewhere", "--nodes", "1")
        assert ran.code == 0, ran.stderr
        (listed,) = rebuild("lab", "list", "-o", "json").json_list()
        assert listed["state"] == "running"
        assert not listed["server"].endswith(f":{wanted['kube-apiserver']}")
    assert rebuild("lab", "down", "elsewhere").code == 0
