"""The watches of a run end with it, whatever the server does."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from queue import SimpleQueue

import pytest
import yaml

from rebuild.cluster.connect import connect
from rebuild.health.compute import Rulebook
from rebuild.model import kinds
from rebuild.runner.clock import RunClock
from rebuild.runner.watchers import Watchers


def kubeconfig(path: Path, port: int) -> Path:
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return path


@pytest.mark.timeout(30)
def test_a_watch_whose_opening_is_never_answered_holds_up_no_end(tmp_path: Path) -> None:
    kind = kinds.builtin().get("", "Pod")
    assert kind
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as server:
        cluster = connect(context="x", kubeconfig=kubeconfig(tmp_path / "kubeconfig", server.getsockname()[1]))
        watchers = Watchers(cluster, SimpleQueue(), RunClock(), relevant=(), rulebook=Rulebook())
        watchers.follow(kind, "v1")
        opening, _ = server.accept()
        assert opening.recv(4) == b"GET "
        watchers.close()
    (left,) = set(threading.enumerate()) - before
    opening.close()
    left.join()
    cluster.close()
