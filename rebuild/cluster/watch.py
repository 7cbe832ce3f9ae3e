"""One watch as an iterator over decoded events. Reconnecting and relisting is the runner's decision, not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from rebuild.cluster.classify import classify
from rebuild.cluster.port import Change, ClusterFault, WatchEvent
from rebuild.cluster.transport import Transport, raise_transport
from rebuild.model.objects import dig

SERVER_SECONDS = 300
"""How long the server keeps a watch open; it then ends it in good order."""
SILENCE_SECONDS = 90.0
"""The server sends a bookmark about once a minute, so a longer silence means that the connection is dead."""
FROM_THE_BEGINNING = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion="
"""A WatchList (KEP-3157): all that there is, then a bookmark that says so, then what changes."""
_INITIAL_END = "k8s.io/initial-events-end"
_CHUNK = 65536


class HttpWatch:
    """An open watch on one kind; see `port.Watch`. To be iterated once, by one thread."""

    def __init__(self, transport: Transport, path: str, start: str, *, silence: float = SILENCE_SECONDS) -> None:
        """Open it.

        Args:
            transport: the connection to the server.
            path: the path of the collection.
            start: the part of the query that says from where on.
            silence: how many seconds without a word mean that the connection is dead.

        Raises:
            ClusterFault: when the server does not open it.
        """
        query = f"?watch=true&allowWatchBookmarks=true&{start}&timeoutSeconds={SERVER_SECONDS}"
        self._what = f"WATCH {path}"
        self._reading = False
        self._closed = False
        self._response: urllib3.BaseHTTPResponse = transport.stream(path + query, read_timeout=silence)

    def __iter__(self) -> Iterator[WatchEvent]:
        self._reading = True
        rest = b""
        try:
            # Not `stream`: behind a proxy that sends no chunks it would wait until it has as much as was asked for.
            while chunk := self._response.read1(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if self._closed:
                        return
                    yield event_of(line, what=self._what)
        except (HTTPError, OSError, ValueError) as error:
            # ValueError: a line that is no JSON, or a TLS socket that was shut down between two reads.
            if not self._closed:
                raise_transport(error, self._what)
        finally:
            self._response.close()

    def close(self) -> None:
        """End the watch from any thread: a blocked read returns, and its thread lets go of the connection."""
        self._closed = True
        # Closing waits for a read that is under way, so the read has to be ended first, and the reader closes.
        with suppress(ValueError, RuntimeError, OSError):
            # All three mean that there is nothing left to wake: read to its end, closed, or hung up.
            self._response.shutdown()
        if not self._reading:
            self._response.close()


def event_of(line: bytes, *, what: str) -> WatchEvent:
    """What a line of a watch says.

    Raises:
        ClusterFault: when it says that the watch failed.
        ValueError: when it is nothing that a watch of Kubernetes says.
    """
    match orjson.loads(line):
        case {"type": "ERROR", "object": status}:
            code = dig(status, "code")
            raise ClusterFault(classify(code if isinstance(code, int) else 500, orjson.dumps(status)), what=what)
        case {"type": "BOOKMARK", "object": dict(body)}:
            ends = dig(body, "metadata", "annotations", _INITIAL_END) == "true"
            return WatchEvent(Change.BOOKMARK, body, ends_initial=ends)
        case {"type": str(change), "object": {"apiVersion": str(), "kind": str(), "metadata": {"name": str()}} as body}:
            return WatchEvent(Change(change), body)
    raise ValueError("a line of the watch is no event")
