"""A proxy between rebuild and a lab's API server, which does to requests what bad networks and bad proxies do.

It shows its clients the lab's own certificate and speaks to the API server as the lab's administrator, so it sees every
request and every answer. A script says what becomes of each request; what it says nothing of passes unchanged.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import yaml

from rebuild.cluster.connect import connect
from rebuild.model.errors import Unreachable
from rebuild.ops.target import bind
from rebuild.providers.kwok.lab import Lab

_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server says to a request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Door(Enum):
    """What becomes of a new connection, before a word of it is read."""

    OPEN = auto()
    SLAMMED = auto()
    """Taken, and reset in the middle of the handshake."""
    MUTE = auto()
    """Taken and never answered: half-open, as behind a firewall that forgot it."""


class Exchange:
    """One request, and what can be done with it."""

    def __init__(self, handler: _Handler, body: bytes | None) -> None:
        self._handler, self._body = handler, body

    def forward(self) -> Answer:
        """Let the API server do it; its whole answer."""
        with closing(self._sent()) as answer:
            return Answer(answer.status, _kept(answer), answer.read())

    def relay(self) -> None:
        """As if there were no proxy; the answer to a watch is passed on as it comes."""
        answer = self._sent()
        if answer.length is not None:
            self.reply(Answer(answer.status, _kept(answer), answer.read()))
            return
        self._head(answer.status, _kept(answer), ("Transfer-Encoding", "chunked"))
        # A client that has heard enough of a watch closes it.
        with suppress(OSError, http.client.HTTPException, ValueError), closing(answer):
            while data := answer.read1(65536):
                self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self._handler.wfile.write(b"0\r\n\r\n")
            return
        self._handler.close_connection = True

    def reply(self, answer: Answer, *, length: int | None = None) -> None:
        """Answer; `length` is what the headers say of the body's, where that is not the truth."""
        self.begin(answer, length=length)
        self.send(answer.body)

    def begin(self, answer: Answer, *, length: int | None = None) -> None:
        """Send the head of an answer alone."""
        promised = len(answer.body) if length is None else length
        self._head(answer.status, answer.headers, ("Content-Length", str(promised)))

    def send(self, data: bytes) -> None:
        """Send so much of a body."""
        self._handler.wfile.write(data)

    def reset(self) -> None:
        """Break the connection in the middle, without a word."""
        self._handler.reset()

    def hang_up(self) -> None:
        """Close the connection in good order after what was sent."""
        self._handler.close_connection = True

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, or until the proxy ends."""
        self._handler.server.ended.wait(seconds)

    def _head(self, status: int, headers: Sequence[tuple[str, str]], framing: tuple[str, str]) -> None:
        self._handler.send_response_only(status)
        for name, value in (*headers, framing):
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def _sent(self) -> http.client.HTTPResponse:
        handler = self._handler
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP_BY_HOP}
        handler.upstream.request(handler.command, handler.path, self._body, headers)
        return handler.upstream.getresponse()


def _kept(answer: http.client.HTTPResponse) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in answer.getheaders() if pair[0].lower() not in _HOP_BY_HOP)


Fault: TypeAlias = Callable[[Exchange], None]
Script: TypeAlias = Callable[[str, str], Fault | None]
"""Is asked with method and path of each request, under a lock, in the order of their coming."""


def lost(exchange: Exchange) -> None:
    """The API server does it, and nobody ever hears of that."""
    exchange.forward()
    exchange.reset()


def reset(exchange: Exchange) -> None:
    """The connection breaks before the request has arrived."""
    exchange.reset()


def silent(exchange: Exchange) -> None:
    """The request is taken, and no answer comes."""
    exchange.wait(3600)
    exchange.reset()


def truncated(exchange: Exchange) -> None:
    """A proxy hands on half of the JSON and calls it all there is."""
    answer = exchange.forward()
    exchange.reply(replace(answer, body=answer.body[: len(answer.body) // 2]))


def cut_short(exchange: Exchange) -> None:
    """The connection ends in the middle of the body that was promised."""
    answer = exchange.forward()
    exchange.reply(replace(answer, body=answer.body[: len(answer.body) // 2]), length=len(answer.body))
    exchange.hang_up()


def late(seconds: float) -> Fault:
    """The answer comes, and takes its time."""

    def fault(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.relay()

    return fault


def trickling(seconds: float) -> Fault:
    """The body comes byte by byte, each so much later than the last, and never whole."""

    def fault(exchange: Exchange) -> None:
        answer = exchange.forward()
        exchange.begin(answer)
        with suppress(OSError):
            for byte in answer.body:
                exchange.send(bytes((byte,)))
                exchange.wait(seconds)

    return fault


def saying(body: bytes, *, status: int = 200, content_type: str = "application/json") -> Fault:
    """This is the answer, whatever was asked; the API server never hears of it."""

    def fault(exchange: Exchange) -> None:
        exchange.reply(Answer(status, (("Content-Type", content_type),), body))

    return fault


def refusing(status: int, reason: str, message: str) -> Fault:
    """The answer is a Status as the API server itself would write it."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    return saying(orjson.dumps(body | {"code": status}), status=status)


@dataclass(slots=True)
class Rule:
    """A fault for requests with this method (any by default) whose path has a match of this expression."""

    fault: Fault
    method: str = ""
    path: str = ""
    after: int = 0
    """How many such requests pass first."""
    times: int = sys.maxsize
    """How many are then hit."""
    seen: int = 0

    def takes(self, method: str, path: str) -> bool:
        if (self.method and self.method != method) or not re.search(self.path, path):
            return False
        self.seen += 1
        return self.after < self.seen <= self.after + self.times


def by_rules(*rules: Rule) -> Script:
    """The first rule that takes a request says what becomes of it."""
    return lambda method, path: next((rule.fault for rule in rules if rule.takes(method, path)), None)


def at_random(seed: int, share: float, faults: Sequence[Fault], *, method: str) -> Script:
    """Each request with this method meets one of the faults with this probability. The same seed draws the same."""
    chance = random.Random(seed)

    def script(asked: str, path: str) -> Fault | None:
        return chance.choice(faults) if asked == method and chance.random() < share else None

    return script


@dataclass(slots=True)
class Proxy:
    """A running proxy. Script and door may be changed at any time."""

    lab: Lab
    port: int
    kubeconfig: Path
    """The lab's, but for the server, which is the proxy."""
    script: Script = lambda method, path: None
    door: Door = Door.OPEN
    hit: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request that met a fault."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request."""
    connections: int = 0
    """How many were made to it, whatever became of them."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def knocked(self) -> Door:
        """Somebody connects."""
        with self._lock:
            self.connections += 1
            return self.door

    @property
    def flags(self) -> tuple[object, ...]:
        """The flags that lead a command through the proxy."""
        return ("--context", self.lab.context, "--kubeconfig", self.kubeconfig)

    def unreachable(self, *, timeout: float) -> Unreachable:
        """How a target behind the proxy is refused, when it is to be bound with so many seconds for each answer."""
        cluster = connect(context=self.lab.context, kubeconfig=self.kubeconfig, timeout=timeout)
        try:
            bind(cluster, provider="existing", context=self.lab.context)
        except Unreachable as error:
            return error
        finally:
            cluster.close()
        raise AssertionError("it can be reached")

    def fault(self, method: str, path: str) -> Fault:
        """What becomes of a request."""
        with self._lock:
            self.seen.append((method, path))
            found = self.script(method, path)
            if found:
                self.hit.append((method, path))
        return found or Exchange.relay


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: Proxy

    def __init__(self, lab: Lab) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        pki, port = lab.layout.pki, lab.ports["kube-apiserver"]
        self.theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.ours = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        for context in (self.theirs, self.ours):
            context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self.upstream = ("127.0.0.1", port)
        self.ended = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what this is for; anything else is a mistake of the test's."""
        if not isinstance(sys.exception(), OSError | http.client.HTTPException):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of the client's, with one of its own to the API server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        match self.server.proxy.knocked():
            case Door.SLAMMED:
                self.request.recv(1)
                _reset(self.request)
                raise ConnectionAbortedError
            case Door.MUTE:
                self.server.ended.wait()
                raise ConnectionAbortedError
        self.request = self.server.theirs.wrap_socket(self.request, server_side=True)
        super().setup()
        self.upstream = http.client.HTTPSConnection(*self.server.upstream, context=self.server.ours)

    def finish(self) -> None:
        self.upstream.close()
        with suppress(OSError, ValueError):
            super().finish()
        self.request.close()

    def reset(self) -> None:
        """End the connection as if the network had."""
        self.close_connection = True
        _reset(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Nothing is printed; `Proxy.seen` tells."""

    def _meet(self) -> None:
        length = self.headers.get("Content-Length")
        body = None if length is None else self.rfile.read(int(length))
        fault = self.server.proxy.fault(self.command, self.path)
        try:
            fault(Exchange(self, body))
        except (http.client.HTTPException, ConnectionError):
            # The API server itself is away: so is the proxy.
            self.reset()

    do_GET = do_PATCH = do_POST = do_DELETE = _meet  # noqa: N815 - their names in the base class


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Not `close`, which waits for the files that were made of it.
    os.close(connection.detach())


@contextmanager
def opened(lab: Lab, folder: Path) -> Iterator[Proxy]:
    """A proxy on a port of its own; the kubeconfig that leads through it is written to the folder."""
    server = _Server(lab)
    port = server.server_address[1]
    config = yaml.safe_load(lab.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    server.proxy = Proxy(lab, port, folder / "through-the-proxy.kubeconfig")
    server.proxy.kubeconfig.write_text(yaml.safe_dump(config))
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield server.proxy
    finally:
        server.ended.set()
        server.shutdown()
        serving.join()
        server.server_close()
