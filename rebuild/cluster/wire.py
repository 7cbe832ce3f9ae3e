"""One HTTP/1.1 connection at its barest: a request as bytes goes out, an answer comes back, whole or as it comes.

It takes a third of urllib3's CPU time (docs/decisions/0022). Who opens the connection decides about certificates and
names. An API server sends a length or chunks; an answer with neither lasts as long as the connection.
Must not try anything again.
"""

from __future__ import annotations

import math
import re
import select
import socket
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Final

from msgspec import Struct

from rebuild.system import clock

_CHUNK: Final = 65536
_LONGEST_HEAD: Final = 1 << 20
_LONGEST_BODY: Final = 1 << 30
"""Bytes: a page of 500 objects has 750 MB at most, and an answer must not fill the memory."""
_END: Final = b"\r\n"
_OLD: Final = b"HTTP/1.0"
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |$)")
_INTERIM: Final = 200
_WITHOUT_BODY: Final = (204, 304)


class Answer(Struct, frozen=True):
    """What a server says to a request."""

    status: int
    headers: dict[bytes, bytes]
    """By their names in lower case; what came several times is one list (RFC 9110, section 5.3)."""
    parts: Iterator[bytes]
    """The body as it comes. Reading it raises what `Wire.ask` raises."""
    is_last: bool
    """Whether the connection takes no further request."""

    @property
    def retry_after(self) -> str:
        """When to ask again, as the server puts it."""
        return self.headers.get(b"retry-after", b"").decode("latin-1")

    def whole(self) -> bytes:
        """All of the body.

        Raises:
            ValueError: when it is too long; and what `Wire.ask` raises.
        """
        parts, length = [], 0
        for part in self.parts:
            parts.append(part)
            length += len(part)
            if length > _LONGEST_BODY:
                raise ValueError("the answer is too long")
        return b"".join(parts)


class Wire:
    """A connection that is kept between requests. Belongs to one thread at a time."""

    def __init__(self, opened: socket.socket) -> None:
        """Use an open connection."""
        self._socket, self._within, self._deadline = opened, math.inf, math.inf

    @property
    def is_alive(self) -> bool:
        """Whether the server has not closed it meanwhile: between two requests there is nothing to read."""
        readable = select.poll()
        readable.register(self._socket, select.POLLIN)
        return not readable.poll(0)

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()

    def limit(self, seconds: float) -> None:
        """What is still to come of an answer may take so many seconds, whatever drops of it come."""
        self._within, self._deadline = seconds, clock.monotonic() + seconds

    def hang_up(self) -> None:
        """End the connection from any thread: who reads from it is told that nothing more comes."""
        # TLS stays as it is, which its reader uses just now; TLS to a proxy holds the socket inside.
        raw = getattr(self._socket, "socket", self._socket)
        with suppress(OSError):
            socket.socket.shutdown(raw, socket.SHUT_RDWR)

    def ask(self, head: str, body: bytes, *, within: float | None = None, silence: float | None = None) -> Answer:
        """Send a request whose head lacks its length and end; the answer's body is still to be read.

        Args:
            head: the request line and the headers.
            body: may be empty.
            within: seconds that the whole answer may take, whatever drops of it come; any number by default.
            silence: seconds that may pass without a word; `within` by default.

        Raises:
            OSError: when the connection breaks, or nothing comes for too long.
            ValueError: when what comes is not HTTP, or too much. The connection is of no use then.
        """
        self._socket.settimeout(silence or within)
        self.limit(within or math.inf)
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self._socket.sendall(f"{head}{length}\r\n".encode("ascii") + body)
        status, rest = 100, b""
        while status < _INTERIM:
            head_end = rest.find(_END + _END)
            while head_end < 0:
                if len(rest) > _LONGEST_HEAD:
                    raise ValueError("the head of the answer has no end")
                data = self._read()
                if not data:
                    how = "before its answer was whole" if rest else "without an answer"
                    raise ConnectionResetError(f"the server closed the connection {how}")
                rest += data
                head_end = rest.find(_END + _END)
            first, *lines = rest[:head_end].split(_END)
            rest = rest[head_end + 4 :]
            found = _STATUS.match(first)
            if found is None:
                raise ValueError(f"the answer begins with {first[:40]!r} and so is not HTTP/1.1")
            status = int(found[1])
        headers = _headers(lines)
        # A connection of HTTP/1.0 is kept only where the answer says so.
        kept = headers.get(b"connection", b"close" if first.startswith(_OLD) else b"").lower() != b"close"
        if status in _WITHOUT_BODY:
            return Answer(status, headers, iter(()), is_last=not kept)
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return Answer(status, headers, self._chunks(rest), is_last=not kept)
        length_told = headers.get(b"content-length")
        if length_told is None:
            return Answer(status, headers, self._to_the_end(rest), is_last=True)
        if not length_told.isdigit() or int(length_told) > _LONGEST_BODY:
            raise ValueError(f"the answer has the length {length_told[:20]!r}")
        return Answer(status, headers, self._exactly(rest, int(length_told)), is_last=not kept)

    def _chunks(self, rest: bytes) -> Iterator[bytes]:
        while True:
            end = rest.find(_END)
            while end < 0:
                if len(rest) > _CHUNK:
                    raise ValueError("a chunk of the answer has no length")
                rest += self._receive()
                end = rest.find(_END)
            size = int(rest[:end].partition(b";")[0], 16)
            if size < 0:
                raise ValueError("a chunk of the answer has a negative length")
            rest = yield from self._exactly(rest[end + 2 :], size)
            while len(rest) < len(_END):
                rest += self._receive()
            rest = rest[2:]
            if not size:
                # An API server sends no trailers: the empty line followed at once.
                return

    def _exactly(self, rest: bytes, size: int) -> Generator[bytes, None, bytes]:
        """So many bytes as they come, and what came after them."""
        while size:
            if not rest:
                rest = self._receive()
            part, rest = rest[:size], rest[size:]
            size -= len(part)
            yield part
        return rest

    def _to_the_end(self, rest: bytes) -> Iterator[bytes]:
        """All that comes until the connection ends."""
        if rest:
            yield rest
        while data := self._read():
            yield data

    def _receive(self) -> bytes:
        data = self._read()
        if not data:
            raise ConnectionResetError("the server closed the connection before its answer was whole")
        return data

    def _read(self) -> bytes:
        data = self._socket.recv(_CHUNK)
        if clock.monotonic() > self._deadline:
            raise TimeoutError(f"the answer did not end within {self._within:g} s")
        return data


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers
