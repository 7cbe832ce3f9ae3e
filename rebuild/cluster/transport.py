"""Raw requests over connections that are kept. The models and the DynamicClient of the kubernetes package are not used,
as encoding and decoding through them costs several times the request; for the same reason requests go over a `wire`,
and urllib3 carries only what it alone can do: answers that are read as they come, and proxies.

Nothing is tried again here: that is the engine's decision.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from rebuild import __version__
from rebuild.cluster.access import Access
from rebuild.cluster.classify import classify
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.wire import Wire
from rebuild.model.faults import Cause, Fault
from rebuild.system import clock

USER_AGENT = f"rebuild/{__version__}"
CONNECT_SECONDS = 5.0
_CHUNK = 1 << 20
_REFUSED = 400


class Transport:
    """Sends requests to one server. Safe for many threads; each request in flight has a connection of its own."""

    def __init__(self, access: Access, *, timeout: float) -> None:
        """Send with this access; an answer has so many seconds all in all, and any number of them for a 0."""
        self._access, self._pool, self.server = access, access.pool, access.server
        self._timeout = timeout or None
        self._wires: list[Wire] = []
        """Those that nobody uses now."""

    def request(
        self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send a request and read the whole answer: its status, and its decoded JSON, which is an object.

        Raises:
            ClusterFault: when there is no answer, its status is 400 or more, or it is no JSON object.
        """
        what = f"{method} {path.partition('?')[0]}"
        try:
            status, data, retry_after = self._exchange(method, path, body, self._headers(headers))
        except (HTTPError, OSError, ValueError) as error:
            raise_transport(error, what)
        if status >= _REFUSED:
            raise ClusterFault(classify(status, data, retry_after), what=what)
        return status, self._decoded(status, data, what)

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, str]:
        """The status, the body and the Retry-After of an answer."""
        if self._pool.proxy is not None:
            response = self._open(method, path, body, headers, read_timeout=self._timeout)
            return response.status, _whole(response, self._timeout), response.headers.get("Retry-After", "")
        address = urlsplit(self.server)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        wire = self._wire()
        try:
            status, answered, data = wire.ask(
                f"{method} {address.path}{path} HTTP/1.1\r\nHost: {address.netloc}\r\n{lines}", body
            )
        except BaseException:
            wire.close()
            raise
        if answered.get(b"connection", b"").lower() == b"close":
            wire.close()
        else:
            self._wires.append(wire)
        return status, data, answered.get(b"retry-after", b"").decode("latin-1")

    def _decoded(self, status: int, data: bytes, what: str) -> dict[str, Any]:
        try:
            decoded = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            how = "with JSON that is cut short or broken" if data.startswith(b"{") else "without JSON"
            raise self.nonsense(what, how, status) from error
        if not isinstance(decoded, dict):
            raise self.nonsense(what, "with JSON that is no object", status)
        return decoded

    def _wire(self) -> Wire:
        """A connection that nobody uses."""
        while self._wires:
            try:
                wire = self._wires.pop()
            except IndexError:
                # Another thread was quicker.
                break
            if wire.is_alive:
                return wire
            wire.close()

        pool: Any = self._pool.connection_from_url(self.server)
        connection = pool._new_conn()
        connection.timeout = CONNECT_SECONDS
        return Wire(connection, self._timeout)

    def nonsense(self, what: str, how: str, status: int = 200) -> ClusterFault:
        """The fault of an answer that no API server gives; a proxy on the way may give it for a moment."""
        message = (
            f"{self.server} answers {status} {how}, so it is no Kubernetes API server, or a proxy spoils its words"
        )
        return ClusterFault(Fault(Cause.TRANSPORT, status, message), what=what)

    def stream(self, path: str, *, read_timeout: float) -> urllib3.BaseHTTPResponse:
        """Open a response that is read as it comes; the caller closes it.

        Args:
            path: the path and query of a GET request.
            read_timeout: how many seconds of silence mean that the connection is dead.

        Raises:
            ClusterFault: when there is no answer, or its status is 400 or more.
        """
        what = f"WATCH {path.partition('?')[0]}"
        try:
            response = self._open("GET", path, b"", self._headers(None), read_timeout=read_timeout)
            if response.status >= _REFUSED:
                data = _whole(response, read_timeout)
                raise ClusterFault(classify(response.status, data, response.headers.get("Retry-After")), what=what)
        except (HTTPError, OSError) as error:
            raise_transport(error, what)
        return response

    def close(self) -> None:
        """Close the idle connections."""
        while self._wires:
            self._wires.pop().close()
        self._pool.clear()

    def _open(
        self, method: str, path: str, body: bytes, headers: dict[str, str], *, read_timeout: float | None
    ) -> urllib3.BaseHTTPResponse:
        """The response, of whose body nothing is read yet."""
        return self._pool.request(
            method,
            self.server + path,
            body=body or None,
            headers=headers,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_timeout),
            preload_content=False,
            retries=False,
        )

    def _headers(self, extra: dict[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(extra or {})}
        self._access.authorized(headers)
        return headers


def _whole(response: urllib3.BaseHTTPResponse, within: float | None) -> bytes:
    """The body of an answer, which has so many seconds all in all: each drop of it would start a socket's time anew."""
    deadline = clock.monotonic() + (within or math.inf)
    parts = []
    while part := response.read1(_CHUNK):
        parts.append(part)
        if clock.monotonic() > deadline:
            response.close()
            raise TimeoutError(f"the answer did not end within {within:g} s")
    return b"".join(parts)


def raise_transport(error: Exception, what: str) -> NoReturn:
    """Translate what urllib3 and the socket raise; their text names the host and the reason."""
    raise ClusterFault(Fault(Cause.TRANSPORT, 0, _innermost(error)), what=what) from error


def _innermost(error: Any) -> str:
    """urllib3 wraps reasons in reasons; people want the last one."""
    while isinstance(getattr(error, "reason", None), Exception):
        error = error.reason
    return str(error) or type(error).__name__
