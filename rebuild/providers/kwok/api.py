"""A few requests to the lab's own API server, as its administrator. One connection each; no pool, no threads.

Only the lab's upkeep goes this way (baseline, readiness, the simulated cloud); what rebuilds a cluster has
its own room.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from rebuild.model.errors import RebuildError
from rebuild.model.objects import Body


class ApiError(RebuildError):
    """The lab's API server said no."""

    code = "lab-api"

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(f"the lab's API server answered {status}: {message}")


class Api(Struct, frozen=True):
    """The API server on its loopback port, its certificate checked against the lab's authority."""

    port: int
    pki: Path
    agent: str
    """The user agent, by which the audit log tells the lab's upkeep from everything else."""

    def request(self, method: str, path: str, body: Body | None = None, *, kind: str = "application/json") -> Any:
        """The decoded answer, or its text where it is not JSON.

        Raises:
            ApiError: when the answer is not a success.
            OSError, http.client.HTTPException: when there is none.
        """
        with closing(self._connect(timeout=10)) as connection:
            payload = None if body is None else orjson.dumps(body)
            connection.request(method, path, payload, {"User-Agent": self.agent, "Content-Type": kind})
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 300:
                raise ApiError(answer.status, data[:500].decode(errors="replace"))
            is_json = answer.headers.get_content_type() == "application/json"
            return orjson.loads(data) if is_json else data.decode(errors="replace")

    def watch(self, collection: str, *, seconds: int) -> Iterator[tuple[str, Body]]:
        """What is there (as ADDED) and then each change, as type and object, until the time is over.

        Raises:
            ApiError: when the server refuses, or ends the stream with an error.
            OSError, http.client.HTTPException: when the connection breaks.
        """
        with closing(self._connect(timeout=seconds + 10)) as connection:
            path = f"{collection}?watch=true&timeoutSeconds={seconds}"
            connection.request("GET", path, headers={"User-Agent": self.agent})
            answer = connection.getresponse()
            if answer.status >= 300:
                raise ApiError(answer.status, answer.read(500).decode(errors="replace"))
            for line in answer:
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(event["object"].get("code", 500), event["object"].get("message", ""))
                yield event["type"], event["object"]

    def _connect(self, *, timeout: float) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        context.load_cert_chain(self.pki / "admin.crt", self.pki / "admin.key")
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)
