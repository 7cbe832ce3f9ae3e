"""What it takes to talk to one server as one user."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import urllib3
from msgspec import Struct

CONNECTIONS = 128
"""That are kept open between requests: more than any run has writes and lists under way at once."""


class Access(Struct, frozen=True):
    """A server, and the connections to it on which it knows us."""

    server: str
    """Its URL, without a slash at the end."""
    pool: urllib3.PoolManager
    authorized: Callable[[dict[str, str]], None]
    """Adds to the headers of a request what says who we are; may run a plugin that fetches it."""


def is_loopback(server: str) -> bool:
    """Whether a URL names this machine."""
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
