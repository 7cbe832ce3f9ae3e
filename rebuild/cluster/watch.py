"""One watch as an iterator over decoded events. Reconnecting and relisting is the runner's decision, not ours."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from rebuild.cluster.port import Change, ClusterFault, WatchEvent
from rebuild.cluster.transport import Transport, raise_transport
from rebuild.model.faults import Cause, Fault
from rebuild.model.objects import dig

SERVER_SECONDS = 300
"""How long the server keeps a watch open; it then ends it in good order."""
SILENCE_SECONDS = 90.0
"""The server sends a bookmark about once a minute, so a longer silence means that the connection is dead."""


class HttpWatch:
    """An open watch on one kind; see `port.Watch`."""

    def __init__(self, transport: Transport, path: str, resource_version: str) -> None:
        query = (
            f"?watch=true&allowWatchBookmarks=true&resourceVersion={resource_version}&timeoutSeconds={SERVER_SECONDS}"
        )
        self._what = f"WATCH {path}"
        self._closed = False
        self._response: urllib3.BaseHTTPResponse = transport.stream(path + query, read_timeout=SILENCE_SECONDS)

    def __iter__(self) -> Iterator[WatchEvent]:
        rest = b""
        try:
            for chunk in self._response.stream(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield self._event(line)
        except (HTTPError, OSError, orjson.JSONDecodeError) as error:
            if not self._closed:
                raise_transport(error, self._what)
        finally:
            self._response.close()

    def _event(self, line: bytes) -> WatchEvent:
        event = orjson.loads(line)
        if event.get("type") == "ERROR":
            status = dig(event, "object", "code") or 0
            message = str(dig(event, "object", "message") or "the watch broke")
            raise ClusterFault(Fault(Cause.TRANSPORT, status, message), what=self._what)
        return WatchEvent(Change(event["type"]), event["object"])

    def close(self) -> None:
        """End the watch from any thread: the blocked read returns."""
        self._closed = True
        try:
            self._response.shutdown()
        except (ValueError, OSError):
            # Already read to its end: there is nothing left to wake.
            return
