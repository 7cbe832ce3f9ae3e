"""Chooses the ports of a lab so that labs that start at the same time do not meet.

They lie below the range that Linux hands to outgoing connections (32768 and up): a port from in there could
be taken by anybody between the choice and the start of the server.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Set
from zlib import crc32

from rebuild.model.errors import Unreachable

RANGE = range(20000, 32000)
LISTENERS = (
    "etcd",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok-controller",
)
"""Everything of a lab that listens."""


class NoPorts(Unreachable):
    """The port range is used up."""

    code = "no-ports"


def choose(seed: str, taken: Set[int], free: Callable[[int], bool]) -> dict[str, int]:
    """A port for each listener, none of them taken and all of them free.

    Args:
        seed: Where the search starts, so that labs that cannot know each other (other users, other state
            directories) rarely want the same ports.
        taken: The ports that other labs have reserved, running or not.
        free: Whether a port can be listened on right now.

    Raises:
        NoPorts: when there are not enough.
    """
    first = crc32(seed.encode()) % len(RANGE)
    candidates = (RANGE[(first + step) % len(RANGE)] for step in range(len(RANGE)))
    usable = (port for port in candidates if port not in taken and free(port))
    chosen = dict(zip(LISTENERS, usable, strict=False))
    if len(chosen) < len(LISTENERS):
        raise NoPorts(f"no free ports in {RANGE.start}-{RANGE.stop - 1}", hint="remove labs that are not needed")
    return chosen


def is_free(port: int) -> bool:
    """Whether nothing listens on the port of the loopback interface, nor on all interfaces."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
