"""Raw requests over the pooled connections of the kubernetes package's own ApiClient.

Its kubeconfig, exec and token handling is used as it is; its models and its DynamicClient are not, because
encoding and decoding through them costs several times the request.
"""

from __future__ import annotations

from typing import Any, NoReturn

import urllib3
from kubernetes.client import ApiClient
from urllib3.exceptions import HTTPError

from rebuild import __version__
from rebuild.cluster.classify import classify
from rebuild.cluster.port import ClusterFault
from rebuild.model.faults import Cause, Fault

USER_AGENT = f"rebuild/{__version__}"
CONNECT_SECONDS = 5.0


class Transport:
    """Sends requests to one server. Safe for many threads; each request in flight has a connection of its own."""

    def __init__(self, client: ApiClient, *, timeout: float) -> None:
        self._client = client
        self._pool: urllib3.PoolManager = client.rest_client.pool_manager
        self.server: str = client.configuration.host.rstrip("/")
        self._timeout = timeout

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send a request and read the whole answer.

        Raises:
            ClusterFault: when there is no answer, or its status is 400 or more.
        """
        what = f"{method} {path.partition('?')[0]}"
        try:
            response = self._pool.request(
                method,
                self.server + path,
                body=body,
                headers=self._headers(headers),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self._timeout),
                retries=False,
            )
        except (HTTPError, OSError) as error:
            raise_transport(error, what)
        if response.status >= 400:
            raise ClusterFault(classify(response.status, response.data, response.headers), what=what)
        return response.status, response.data

    def stream(self, path: str, *, read_timeout: float) -> urllib3.BaseHTTPResponse:
        """Open a response that is read as it comes; the caller closes it.

        Raises:
            ClusterFault: when there is no answer, or its status is 400 or more.
        """
        what = f"WATCH {path.partition('?')[0]}"
        try:
            response = self._pool.request(
                "GET",
                self.server + path,
                headers=self._headers(None),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_timeout),
                preload_content=False,
                retries=False,
            )
            if response.status >= 400:
                raise ClusterFault(classify(response.status, response.data, response.headers), what=what)
        except (HTTPError, OSError) as error:
            raise_transport(error, what)
        return response

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.clear()

    def _headers(self, extra: dict[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(extra or {})}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        return headers


def raise_transport(error: Exception, what: str) -> NoReturn:
    """Translate what urllib3 and the socket raise; their text names the host and the reason."""
    message = _innermost(error)
    raise ClusterFault(Fault(Cause.TRANSPORT, 0, message), what=what) from error


def _innermost(error: Any) -> str:
    """urllib3 wraps reasons in reasons; people want the last one."""
    while isinstance(getattr(error, "reason", None), Exception):
        error = error.reason
    return str(error) or type(error).__name__
