"""One watch as an iterator over decoded events. Reconnecting and relisting is the runner's decision, not ours."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

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
        self._wire, self._answer = transport.stream(path + query, silence=silence)

    def __iter__(self) -> Iterator[WatchEvent]:
        self._reading = True
        rest = b""
        try:
            for chunk in self._answer.parts:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if self._closed:
                        return
                    yield event_of(line, what=self._what)
        except (OSError, ValueError) as error:
            if not self._closed:
                raise_transport(error, self._what)
        finally:
            self._wire.close()

    def close(self) -> None:
        """End the watch from any thread: a blocked read returns, and its thread lets go of the connection."""
        self._closed = True
        # The reader closes: the number of a closed connection may be another's before the read returns.
        self._wire.hang_up()
        if not self._reading:
            self._wire.close()


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
