"""Raw requests over connections that are kept. The models and the DynamicClient of the kubernetes package are not used,
as encoding and decoding through them costs several times the request; for the same reason requests go over a `wire`.

Nothing is tried again here: that is the engine's decision.
"""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson

from rebuild import __version__
from rebuild.cluster.access import Access
from rebuild.cluster.classify import classify
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.wire import Answer, Wire
from rebuild.model.faults import Cause, Fault

USER_AGENT = f"rebuild/{__version__}"
_REFUSED = 400


class Transport:
    """Sends requests to one server. Safe for many threads; each request in flight has a connection of its own."""

    def __init__(self, access: Access, *, timeout: float) -> None:
        """Send with this access; an answer has so many seconds all in all, and any number of them for a 0."""
        self._access, self.server, self._host = access, access.server, urlsplit(access.server).netloc
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
            answer, data = self._exchange(method, path, body, headers)
        except (OSError, ValueError) as error:
            raise_transport(error, what)
        if answer.status >= _REFUSED:
            raise ClusterFault(classify(answer.status, data, answer.retry_after), what=what)
        return answer.status, self._decoded(answer.status, data, what)

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str] | None) -> tuple[Answer, bytes]:
        """An answer, and all of its body."""
        head = self._head(method, path, headers)
        wire = self._wire()
        try:
            answer = wire.ask(head, body, within=self._timeout)
            data = answer.whole()
        except BaseException:
            wire.close()
            raise
        if answer.is_last:
            wire.close()
        else:
            self._wires.append(wire)
        return answer, data

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
        return Wire(self._access.dial())

    def nonsense(self, what: str, how: str, status: int = 200) -> ClusterFault:
        """The fault of an answer that no API server gives; a proxy on the way may give it for a moment."""
        message = (
            f"{self.server} answers {status} {how}, so it is no Kubernetes API server, or a proxy spoils its words"
        )
        return ClusterFault(Fault(Cause.TRANSPORT, status, message), what=what)

    def stream(self, path: str, *, silence: float) -> tuple[Wire, Answer]:
        """Open a response that is read as it comes, on a connection of its own; the caller closes it.

        Args:
            path: the path and query of a GET request.
            silence: how many seconds without a word mean that the connection is dead.

        Raises:
            ClusterFault: when there is no answer, or its status is 400 or more.
        """
        what = f"WATCH {path.partition('?')[0]}"
        try:
            head = self._head("GET", path, None)
            wire = Wire(self._access.dial())
            try:
                answer = wire.ask(head, b"", silence=silence)
                if answer.status >= _REFUSED:
                    wire.limit(silence)
                    raise ClusterFault(classify(answer.status, answer.whole(), answer.retry_after), what=what)
            except BaseException:
                wire.close()
                raise
        except (OSError, ValueError) as error:
            raise_transport(error, what)
        return wire, answer

    def close(self) -> None:
        """Close the idle connections."""
        while self._wires:
            self._wires.pop().close()

    def _head(self, method: str, path: str, extra: dict[str, str] | None) -> str:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(extra or {})}
        self._access.authorized(headers)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {self._access.target}{path} HTTP/1.1\r\nHost: {self._host}\r\n{lines}"


def raise_transport(error: Exception, what: str) -> NoReturn:
    """Translate what a connection raises; the text names the reason."""
    raise ClusterFault(Fault(Cause.TRANSPORT, 0, str(error) or type(error).__name__), what=what) from error
