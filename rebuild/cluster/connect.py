"""A kubeconfig and a context to a connection. Reads the user's files and never writes them.

The kubernetes package is imported when it is first needed: importing it takes half a second, which commands that
open no connection should not pay.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
import yaml

from rebuild.cluster import kubeconfig as kubeconfigs
from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause
from rebuild.system import places

_CONNECTIONS = 128
"""That are kept open between requests: more than any run has writes and lists under way at once."""
DEFAULT_TIMEOUT = 60.0
"""Seconds to wait for an answer: the API server's own `--request-timeout`."""


def connect(*, context: str, kubeconfig: Path | None = None, timeout: float = DEFAULT_TIMEOUT) -> ApiServer:
    """Prepare a connection to the cluster that a kubeconfig context names; nothing is sent yet.

    Args:
        context: the context's name; empty for the file's current context (only for files of our own labs).
        kubeconfig: the file; None for what kubectl would read (`$KUBECONFIG`, else `~/.kube/config`).
        timeout: seconds to wait for each answer; 0 for as long as it takes.

    Raises:
        Unreachable: when the file or the context cannot be used, or an exec plugin gives no credentials.
    """
    return ApiServer(open_transport(context=context, kubeconfig=kubeconfig, timeout=timeout))


def open_transport(*, context: str, kubeconfig: Path | None = None, timeout: float = DEFAULT_TIMEOUT) -> Transport:
    """The connection below `connect`, for requests that the port does not have. Same arguments, same errors."""
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config import ConfigException, load_kube_config

    files = kubeconfigs.files(kubeconfig)
    configuration = Configuration()
    try:
        if not any(places.expanded(name).exists() for name in files.split(os.pathsep)):
            raise FileNotFoundError("there is no such file")
        with _complaints() as complaints:
            load_kube_config(  # type: ignore[no-untyped-call]
                config_file=files,
                context=context or None,
                client_configuration=configuration,
                persist_config=False,
            )
        if complaints:
            raise ConfigException("; ".join(complaints))
        if _is_loopback(configuration.host) and configuration.proxy == Configuration(host=configuration.host).proxy:
            # As kubectl does: a proxy from the environment is not asked for what is on this machine.
            configuration.proxy = None
        configuration.connection_pool_maxsize = _CONNECTIONS
        client = ApiClient(configuration)
    except (
        ConfigException,
        OSError,
        yaml.YAMLError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        # From TypeError on: what the package raises where a file's structure is not what it expects.
        named = f"context {context!r}" if context else "the current context"
        # Where a key is missing, the package prints the entry it is missing from, credentials included.
        problem = str(error).partition("/{")[0]
        raise Unreachable(
            f"{named} of {files} cannot be used: {problem}",
            hint=f"`kubectl config get-contexts --kubeconfig {files}` lists what there is",
        ) from error
    if not configuration.verify_ssl:
        # The kubeconfig says insecure-skip-tls-verify; a warning per request tells its owner nothing new.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return Transport(client, timeout=timeout)


def reached(cluster: ApiServer, *, context: str) -> ApiServer:
    """The same connection once the server has answered and let us in.

    Raises:
        Unreachable: with the server's address and what came instead of an answer.
    """
    try:
        cluster.identity()
    except ClusterFault as error:
        raise Unreachable(
            f"{cluster.server} (context {context!r}) cannot be used: {error}", hint=hint(error)
        ) from error
    return cluster


def hint(error: ClusterFault) -> str:
    """The next step when a cluster does not let us in."""
    match error.fault.cause:
        case Cause.UNAUTHORIZED:
            return "the credentials have expired or belong to another cluster: log in again"
        case Cause.DENIED | Cause.FORBIDDEN:
            return (
                "rebuild tells clusters apart by their kube-system namespace, and what they can do by their nodes: "
                "allow this user to get it, and to list them"
            )
        case Cause.TRANSPORT if "CERTIFICATE_VERIFY_FAILED" in error.fault.message:
            return "the context's certificate authority did not sign this server: was the cluster made anew?"
    return "is the cluster running, and is this the right context?"


def _is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the package logs meanwhile: it logs the failure of an exec plugin, and goes on without credentials."""
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.module == "kube_config":
                heard.append(record.getMessage())

    root = logging.getLogger()
    listener = Listener(logging.ERROR)
    root.addHandler(listener)
    try:
        yield heard
    finally:
        root.removeHandler(listener)
