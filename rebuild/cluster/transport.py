"""Raw requests over the pooled connections of the kubernetes package's own ApiClient.

Its kubeconfig, exec and token handling is used as it is; its models and its DynamicClient are not, because
encoding and decoding through them costs several times the request, and writes go through `wire` for the same reason.
Nothing is tried again here: that is the engine's decision.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from rebuild import __version__
from rebuild.cluster.classify import classify
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.wire import Wire
from rebuild.model.faults import Cause, Fault

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

USER_AGENT = f"rebuild/{__version__}"
CONNECT_SECONDS = 5.0
_REFUSED = 400


class Transport:
    """Sends requests to one server. Safe for many threads; each request in flight has a connection of its own."""

    def __init__(self, client: ApiClient, *, timeout: float) -> None:
        self._client = client
        self._pool: urllib3.PoolManager = client.rest_client.pool_manager
        self.server: str = client.configuration.host.rstrip("/")
        self._timeout = timeout
        self._refresh = Lock()
        self._wires: list[Wire] = []
        """Those that nobody uses now."""

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send a request and read the whole answer: its status, and its decoded JSON.

        Raises:
            ClusterFault: when there is no answer, its status is 400 or more, or it is not JSON.
        """
        what = f"{method} {path.partition('?')[0]}"
        response = self._send(method, path, what, body=body, headers=headers, read_timeout=self._timeout)
        return response.status, self._decoded(response.status, response.data, what)

    def _decoded(self, status: int, data: bytes, what: str) -> Any:
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            message = f"{self.server} answers {status} without JSON, so it is no Kubernetes API server"
            raise ClusterFault(Fault(Cause.TRANSPORT, status, message), what=what) from error

    def write(self, method: str, path: str, *, body: bytes, content_type: str) -> tuple[int, Any]:
        """The same as `request` for what is sent as often as there are objects, at a third of its cost.

        Raises:
            ClusterFault: as `request` does.
        """
        headers = {"Content-Type": content_type}
        if self._pool.proxy is not None:
            return self.request(method, path, body=body, headers=headers)
        what = f"{method} {path.partition('?')[0]}"
        lines = [f"{name}: {value}\r\n" for name, value in self._headers(headers).items()]
        address = urlsplit(self.server)
        head = f"{method} {address.path}{path} HTTP/1.1\r\nHost: {address.netloc}\r\n{''.join(lines)}"
        try:
            wire = self._wire()
            try:
                status, answered, data = wire.ask(head, body)
            except BaseException:
                wire.close()
                raise
        except (HTTPError, OSError, ValueError) as error:
            raise_transport(error, what)
        if answered.get(b"connection", b"").lower() == b"close":
            wire.close()
        else:
            self._wires.append(wire)
        if status >= _REFUSED:
            raise ClusterFault(classify(status, data, answered.get(b"retry-after", b"").decode("latin-1")), what=what)
        return status, self._decoded(status, data, what)

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
        return Wire(connection, self._timeout or None)

    def stream(self, path: str, *, read_timeout: float) -> urllib3.BaseHTTPResponse:
        """Open a response that is read as it comes; the caller closes it.

        Args:
            path: the path and query of a GET request.
            read_timeout: how many seconds of silence mean that the connection is dead.

        Raises:
            ClusterFault: when there is no answer, or its status is 400 or more.
        """
        return self._send("GET", path, f"WATCH {path.partition('?')[0]}", read_timeout=read_timeout, preload=False)

    def close(self) -> None:
        """Close the idle connections."""
        while self._wires:
            self._wires.pop().close()
        self._pool.clear()

    def _send(
        self,
        method: str,
        path: str,
        what: str,
        *,
        read_timeout: float,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        preload: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        try:
            response = self._pool.request(
                method,
                self.server + path,
                body=body,
                headers=self._headers(headers),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_timeout),
                preload_content=preload,
                retries=False,
            )
            if response.status >= _REFUSED:
                fault = classify(response.status, response.data, response.headers.get("Retry-After"))
                raise ClusterFault(fault, what=what)
        except (HTTPError, OSError) as error:
            raise_transport(error, what)
        return response

    def _headers(self, extra: dict[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(extra or {})}
        # Adds the token, and runs an exec plugin when the token has expired: once, not once per thread.
        with self._refresh:
            self._client.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        return headers


def raise_transport(error: Exception, what: str) -> NoReturn:
    """Translate what urllib3 and the socket raise; their text names the host and the reason."""
    raise ClusterFault(Fault(Cause.TRANSPORT, 0, _innermost(error)), what=what) from error


def _innermost(error: Any) -> str:
    """urllib3 wraps reasons in reasons; people want the last one."""
    while isinstance(getattr(error, "reason", None), Exception):
        error = error.reason
    return str(error) or type(error).__name__
