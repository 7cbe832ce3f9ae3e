"""Kubeconfigs that say everything themselves: a server, who signed its certificate, and our certificate or token.

Machines write such files (kubeadm, kind, our labs). They need nothing of the kubernetes package, whose import would be
a quarter of the time that it takes to start. Whatever else one holds, or lacks, is left to the package, which also
says what is wrong with it.
"""

from __future__ import annotations

import socket
import ssl
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

import yaml

from rebuild.cluster.access import CONNECT_SECONDS, Access, is_loopback
from rebuild.system import places

_CLUSTER = {"server", "certificate-authority", "certificate-authority-data", "tls-server-name"}
_USER = {"client-certificate", "client-certificate-data", "client-key", "client-key-data", "token"}
_PORTS = {"http": 80, "https": 443}


def access(files: str, context: str) -> Access | None:
    """The access that a context of a kubeconfig file gives; None where that is for the kubernetes package to say.

    Args:
        files: a file, or several as in `$KUBECONFIG`.
        context: its name; empty for the current one.
    """
    file = places.expanded(files)
    with suppress(OSError, ValueError, RecursionError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        config = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
        names = _entry(config["contexts"], context or config["current-context"])["context"]
        cluster = _entry(config["clusters"], names["cluster"])["cluster"]
        user = _entry(config["users"], names["user"])["user"]
        if cluster.keys() <= _CLUSTER and user.keys() <= _USER:
            return _access(cluster, user, file.absolute().parent)
    return None


def _access(cluster: dict[str, str], user: dict[str, str], folder: Path) -> Access | None:
    server, token = cluster["server"].rstrip("/"), user.get("token", "")
    if not is_loopback(server) and _proxies():
        return None
    address = urlsplit(server)
    if address.scheme not in _PORTS or not address.hostname:
        return None
    # As bytes, which need no rules for names in other scripts: to load those takes as long as to connect.
    host, port = address.hostname.encode("ascii"), address.port or _PORTS[address.scheme]
    tls = _tls(cluster, user, folder) if address.scheme == "https" else None
    name = cluster.get("tls-server-name", address.hostname).encode("ascii")

    def dial() -> socket.socket:
        opened = socket.create_connection((host, port), CONNECT_SECONDS)  # type: ignore[arg-type]
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return tls.wrap_socket(opened, server_hostname=name) if tls else opened
        except BaseException:
            opened.close()
            raise

    def authorized(headers: dict[str, str]) -> None:
        if token:
            headers["authorization"] = f"Bearer {token}"

    return Access(server, address.path, dial, authorized)


def _proxies() -> dict[str, str]:
    """Those of the environment, or of the system's settings."""
    # Imported late, so that nobody pays for it who has a cluster on this machine.
    from urllib.request import getproxies

    return getproxies()


def _tls(cluster: dict[str, str], user: dict[str, str], folder: Path) -> ssl.SSLContext:
    """What both sides show each other; one for all connections, as reading keys costs more than a request."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    authority = _content(cluster, "certificate-authority", folder)
    if authority:
        made.load_verify_locations(cadata=authority.decode())
    else:
        made.load_default_certs()
    chain, key = _content(user, "client-certificate", folder), _content(user, "client-key", folder)
    if chain:
        # Python takes them from files only: for this moment, and nobody else can read them.
        with NamedTemporaryFile() as file:
            file.write(chain + b"\n" + key)
            file.flush()
            # Without a password Python would ask for that of an encrypted key at the terminal.
            made.load_cert_chain(file.name, password="")
    return made


def _content(entry: dict[str, str], name: str, folder: Path) -> bytes:
    """What stands in the entry itself, or in the file that it names."""
    if f"{name}-data" in entry:
        return b64decode(entry[f"{name}-data"], validate=True)
    return (folder / entry[name]).read_bytes() if name in entry else b""


def _entry(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The entry of this name.

    Raises:
        ValueError: when there are more or fewer.
    """
    (found,) = [entry for entry in entries if entry["name"] == name]
    return found
