from __future__ import annotations

import os
import socket
from ipaddress import ip_address

import pytest

from tests.providers import sockets

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(local: str, remote: str, state: str) -> sockets.Socket:
    (found,) = sockets.parse(f"{HEAD}   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 0 0 71 1\n")
    return found


@pytest.mark.parametrize(
    ("remote", "address", "leaves"),
    [
        ("8600000A:01BB", "10.0.0.134", True),
        ("0100007F:01BB", "127.0.0.1", False),
        ("00000000:0000", "0.0.0.0", False),
        ("B80D0120000000000000000007000000:01BB", "2001:db8::7", True),
        ("0000000000000000FFFF00008600000A:01BB", "10.0.0.134", True),
        ("0000000000000000FFFF00000100007F:01BB", "127.0.0.1", False),
        ("00000000000000000000000001000000:01BB", "::1", False),
    ],
)
def test_a_connection_that_is_only_tried_already_shows_where_to(remote: str, address: str, leaves: bool) -> None:
    tried = row("0200000A:9C40", remote, "02")
    assert (tried.remote, tried.leaves_the_machine) == (ip_address(address), leaves)


def test_the_sockets_of_a_process_are_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        ours = sockets.held_by([os.getpid()])
    assert {(str(one.local), one.listening) for one in ours} >= {("127.0.0.1", True), ("127.0.0.1", False)}
