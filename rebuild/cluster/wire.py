"""One HTTP/1.1 connection at its barest: a request as bytes goes out, a whole answer comes back.

It takes a third of urllib3's CPU time (docs/decisions/0022). urllib3 still opens the connection, and so decides about
certificates and names. An API server sends a length or chunks; an answer with neither lasts as long as the connection.
Must not try anything again.
"""

from __future__ import annotations

import math
import re
import socket
from typing import Final, Protocol

from urllib3.util import wait_for_read

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


class Connection(Protocol):
    """What urllib3 opens; `sock` is there once it is connected."""

    sock: socket.socket | None

    def connect(self) -> None:
        """Open it, and shake hands."""

    def close(self) -> None:
        """Let go of it."""


class Wire:
    """A connection that is kept between requests. Belongs to one thread at a time."""

    def __init__(self, connection: Connection, timeout: float | None) -> None:
        """Open a connection; an answer has so many seconds all in all, whatever drops of it come."""
        self._connection = connection
        try:
            self._connection.connect()
        except BaseException:
            self._connection.close()
            raise
        assert self._connection.sock is not None
        self._socket, self._timeout, self._deadline = self._connection.sock, timeout, 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the server has not closed it meanwhile: between two requests there is nothing to read."""
        return not wait_for_read(self._socket, timeout=0)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def ask(self, head: str, body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """Send a request whose head lacks its length and end; returns status, headers in lower case, and body.

        Raises:
            OSError: when the connection breaks, or nothing comes for too long.
            ValueError: when what comes is not HTTP, or too much. The connection is of no use then.
        """
        self._socket.settimeout(self._timeout)
        self._deadline = clock.monotonic() + (self._timeout or math.inf)
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
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        if first.startswith(_OLD):
            # It is kept only where the answer says so.
            headers.setdefault(b"connection", b"close")
        if status in _WITHOUT_BODY:
            return status, headers, b""
        return status, headers, self._body(headers, rest)

    def _body(self, headers: dict[bytes, bytes], rest: bytes) -> bytes:
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return self._chunks(rest)
        length = headers.get(b"content-length")
        if length is None:
            headers[b"connection"] = b"close"
            return self._to_the_end(rest)
        if not length.isdigit() or int(length) > _LONGEST_BODY:
            raise ValueError(f"the answer has the length {length[:20]!r}")
        return self._at_least(rest, int(length))[: int(length)]

    def _chunks(self, rest: bytes) -> bytes:
        parts: list[bytes] = []
        length = 0
        while True:
            end = rest.find(_END)
            while end < 0:
                if len(rest) > _CHUNK:
                    raise ValueError("a chunk of the answer has no length")
                rest += self._receive()
                end = rest.find(_END)
            size = int(rest[:end].partition(b";")[0], 16)
            if not 0 <= size <= _LONGEST_BODY - length:
                raise ValueError("the answer is too long")
            rest = self._at_least(rest[end + 2 :], size + 2)
            if not size:
                # An API server sends no trailers: the empty line follows at once.
                return b"".join(parts)
            parts.append(rest[:size])
            length += size
            rest = rest[size + 2 :]

    def _at_least(self, rest: bytes, size: int) -> bytes:
        if len(rest) >= size:
            return rest
        parts, length = [rest], len(rest)
        while length < size:
            parts.append(self._receive())
            length += len(parts[-1])
        return b"".join(parts)

    def _to_the_end(self, rest: bytes) -> bytes:
        """All that comes until the connection ends."""
        parts, length = [rest], len(rest)
        while data := self._read():
            parts.append(data)
            length += len(data)
            if length > _LONGEST_BODY:
                raise ValueError("the answer is too long")
        return b"".join(parts)

    def _receive(self) -> bytes:
        data = self._read()
        if not data:
            raise ConnectionResetError("the server closed the connection before its answer was whole")
        return data

    def _read(self) -> bytes:
        data = self._socket.recv(_CHUNK)
        if clock.monotonic() > self._deadline:
            raise TimeoutError(f"the answer did not end within {self._timeout:g} s")
        return data
