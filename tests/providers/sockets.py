"""Which sockets a process holds, read from /proc: the kernel's own account of who listens, and who talks to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

_LISTEN = "0A"
_TABLES = ("tcp", "tcp6", "udp", "udp6")


@dataclass(frozen=True, slots=True)
class Socket:
    """One row of a table: a connection that is still being tried has its remote address already."""

    local: IPv4Address | IPv6Address
    remote: IPv4Address | IPv6Address
    listening: bool
    inode: str

    @property
    def leaves_the_machine(self) -> bool:
        """Whether it is, or tries to be, connected to anything but this machine."""
        return not (self.remote.is_loopback or self.remote.is_unspecified)


def parse(table: str) -> Iterator[Socket]:
    """The rows of /proc/net/tcp, or of its siblings."""
    for row in table.splitlines()[1:]:
        _, local, remote, state, _, _, _, _, _, inode, *_ = row.split()
        yield Socket(_address(local), _address(remote), state == _LISTEN, inode)


def held_by(pids: Iterable[int]) -> list[Socket]:
    """What these processes have open right now; those that have ended hold nothing."""
    rows = [row for name in _TABLES for row in parse(Path(f"/proc/net/{name}").read_text())]
    links: set[str] = set()
    for pid in pids:
        with suppress(FileNotFoundError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    links.add(str(descriptor.readlink()))
    return [row for row in rows if f"socket:[{row.inode}]" in links]


def _address(field: str) -> IPv4Address | IPv6Address:
    """The address of `0100007F:1F90`: words of four bytes, each in the byte order of a little-endian machine."""
    digits = field.partition(":")[0]
    words = (bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    address = ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address
