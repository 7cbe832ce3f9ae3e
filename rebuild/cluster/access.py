"""What it takes to talk to one server as one user."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

CONNECT_SECONDS: Final = 5.0


class Access(Struct, frozen=True):
    """A server, and how to talk to it so that it knows us."""

    server: str
    """Its URL, without a slash at the end."""
    target: str
    """What the target of a request begins with (RFC 9112, section 3.2): the path of the URL, or for a proxy without a
    tunnel all of it."""
    dial: Callable[[], socket.socket]
    """Opens a connection, ready for a request; what fails is an OSError."""
    authorized: Callable[[dict[str, str]], None]
    """Adds to the headers of a request what says who we are; may run a plugin that fetches it."""


def is_loopback(server: str) -> bool:
    """Whether a URL names this machine."""
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
