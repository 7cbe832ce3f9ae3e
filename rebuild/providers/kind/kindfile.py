"""A kind file is read before kind reads it: for what it would open to the network, and for what stands in its way.

kind validates the rest itself, and its own words are shown then.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from msgspec import Struct

from rebuild.manifests import loader
from rebuild.model.errors import Refused, Unreachable, UsageError
from rebuild.model.objects import dig, dig_maps

_LOOPBACK = "127.0.0.1"
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - kind's default for a port mapping that names no address


class KindFileInvalid(UsageError):
    """The file is no configuration of a kind cluster."""

    code = "kind-file"


class ApiExposed(Refused):
    """The kind file would let other machines reach the API server."""

    code = "kind-api-exposed"


class PortTaken(Unreachable):
    """A port of this machine that the kind file asks for is in use."""

    code = "kind-port-taken"


class KindFile(Struct, frozen=True):
    """What a kind file asks of this machine."""

    path: Path
    images: tuple[str, ...] = ()
    """The node images that it names."""
    ports: tuple[tuple[str, int], ...] = ()
    """The addresses and TCP ports that it wants on this machine."""

    def assert_ports_free(self) -> None:
        """Make sure that nobody listens where its nodes shall.

        Raises:
            PortTaken: when somebody does, with each such port.
        """
        taken = [f"{address}:{port}" for address, port in self.ports if not _is_free(address, port)]
        if taken:
            raise PortTaken(
                f"{self.path} wants {', '.join(taken)}, where something listens already",
                hint="end what listens there (`ss -ltnp` names it), or choose another hostPort in the file",
            )


def read(path: Path) -> KindFile:
    """What the file says, as far as it concerns us.

    Raises:
        KindFileInvalid: when it cannot be read or is not for kind.
        ApiExposed: when its API server would listen on more than the loopback interface.
    """
    try:
        found = list(loader.documents(path.read_bytes()))
    except OSError as error:
        raise _invalid(f"the kind file {path} cannot be read: {error.strerror}") from error
    problems = [f"{path}:{problem.line}: {problem.message}" for document in found for problem in document.problems]
    if problems:
        raise _invalid("\n".join(problems))
    document = found[0].value if len(found) == 1 else None
    if not isinstance(document, dict) or document.get("kind") != "Cluster":
        raise _invalid(f"{path} is not one document of `kind: Cluster`")
    address = dig(document, "networking", "apiServerAddress") or _LOOPBACK
    if not _is_loopback(address):
        raise ApiExposed(
            f"{path} lets the API server listen on {address!r}, so that other machines reach it",
            hint=f"set networking.apiServerAddress to {_LOOPBACK}, or leave it out",
        )
    nodes = tuple(dig_maps(document, "nodes"))
    images = dict.fromkeys(str(node["image"]) for node in nodes if node.get("image"))
    return KindFile(path, tuple(images), tuple(_ports(document, address, nodes)))


def _invalid(message: str) -> KindFileInvalid:
    return KindFileInvalid(
        message, hint="mend the file; kind.sigs.k8s.io/docs/user/configuration says what it may hold"
    )


def _ports(document: Any, address: str, nodes: Sequence[Any]) -> Iterator[tuple[str, int]]:
    asked = [(address, dig(document, "networking", "apiServerPort"))]
    for node in nodes:
        mappings = dig_maps(node, "extraPortMappings")
        asked += [(m.get("listenAddress") or _EVERYWHERE, m.get("hostPort")) for m in mappings if _is_tcp(m)]
    # 0 and -1 leave the choice to kind and to Docker.
    yield from ((str(at), port) for at, port in asked if isinstance(port, int) and port > 0)


def _is_tcp(mapping: Any) -> bool:
    return str(mapping.get("protocol") or "TCP").upper() == "TCP"


def _is_loopback(address: object) -> bool:
    try:
        return ip_address(str(address)).is_loopback
    except ValueError:
        return False


def _is_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            # Anything else, such as a port that only root may have, is for Docker to say.
            return error.errno != errno.EADDRINUSE
    return True
