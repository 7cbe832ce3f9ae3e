"""`rebuild lab up` where somebody else listens on the ports that it would take."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from rebuild.providers import claims
from rebuild.providers.kwok import ports
from tests.e2e.support import rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]


def listen(stack: ExitStack, port: int) -> None:
    """Take a port for as long as the stack lasts."""
    listener = stack.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()


def test_ports_that_somebody_listens_on_are_passed_over(lab_binaries: object, state: Path) -> None:
    home = claims.root() / "elsewhere"
    wanted = ports.choose(str(home), set(), ports.is_free)
    with ExitStack() as stack:
        for part in ("etcd", "kube-apiserver", "kwok-controller"):
            listen(stack, wanted[part])
        ran = rebuild("lab", "up", "elsewhere", "--nodes", "1")
        assert ran.code == 0, ran.stderr
        (lab,) = rebuild("lab", "list", "-o", "json").json_list()
        assert lab["state"] == "running"
        assert not lab["server"].endswith(f":{wanted['kube-apiserver']}")
    assert rebuild("lab", "down", "elsewhere").code == 0
