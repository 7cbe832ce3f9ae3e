"""A webhook backend for live tests: a TLS server on the loopback interface that remembers what it is asked.

It allows everything, except at paths that begin with `deny`.
"""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson

from rebuild.model.objects import Body


@dataclass(frozen=True, slots=True)
class Recorded:
    """One call: the path of the webhook, and the `request` of the AdmissionReview."""

    path: str
    request: Body = field(repr=False)


class Recorder:
    """Answers on a port of its own; `calls` grows with each call, before the API server has its answer."""

    def __init__(self, port: int, authority: str) -> None:
        self.port = port
        self.calls: list[Recorded] = []
        self._authority = authority

    def client(self, path: str) -> Body:
        """The `clientConfig` of a webhook that is answered here."""
        return {"url": f"https://127.0.0.1:{self.port}/{path}", "caBundle": self._authority}


@contextmanager
def recording(directory: Path) -> Iterator[Recorder]:
    """A recorder with a certificate made for it."""
    key, certificate = directory / "tls.key", directory / "tls.crt"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    recorder = Recorder(server.server_address[1], base64.b64encode(certificate.read_bytes()).decode())
    server.recorder = recorder  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        review = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server: Any = self.server
        server.recorder.calls.append(Recorded(self.path.partition("?")[0].strip("/"), review["request"]))
        response: Body = {"uid": review["request"]["uid"], "allowed": not self.path.startswith("/deny")}
        if not response["allowed"]:
            response["status"] = {"code": 403, "message": "not on a Friday"}
        answer = orjson.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: what counts is in the calls."""
