"""What a server that answers in drops costs."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Thread

import pytest

from rebuild.cluster.access import Access
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport


def test_the_refusal_of_a_watch_has_its_time_whatever_drops_of_it_come() -> None:
    ours, theirs = socket.socketpair()
    over = Event()

    def drip() -> None:
        theirs.recv(65536)
        theirs.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100000\r\n\r\n")
        with suppress(OSError):
            while not over.wait(0.05):
                theirs.send(b" ")

    dripping = Thread(target=drip)
    dripping.start()
    transport = Transport(Access("http://server", "", lambda: ours, lambda headers: None), timeout=10.0)
    with pytest.raises(ClusterFault, match=r"did not end within 0\.5 s"):
        transport.stream("/watched", silence=0.5)
    over.set()
    dripping.join()
    theirs.close()
