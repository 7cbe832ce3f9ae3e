"""Kubeconfigs by the kubernetes package: plugins, providers, proxies, several files, and what is wrong with one.

It is imported when it is first needed: that takes longer than all our own modules.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import yaml

from rebuild.cluster.access import CONNECT_SECONDS, Access, is_loopback
from rebuild.model.errors import Unreachable
from rebuild.system import places


def access(files: str, context: str) -> Access:
    """The access that a context of kubeconfig files gives.

    Args:
        files: a file, or several as in `$KUBECONFIG`.
        context: its name; empty for the current one.

    Raises:
        Unreachable: when the files or the context cannot be used, or an exec plugin gives no credentials.
    """
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config import ConfigException, load_kube_config

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
        if is_loopback(configuration.host) and configuration.proxy == Configuration(host=configuration.host).proxy:
            # As kubectl does: a proxy from the environment is not asked for what is on this machine.
            configuration.proxy = None
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
    server = configuration.host.rstrip("/")
    pool: Any = client.rest_client.pool_manager
    asked_of_proxy = pool.proxy is not None and not server.startswith("https:")
    refresh = Lock()

    def authorized(headers: dict[str, str]) -> None:
        if asked_of_proxy:
            headers.update(pool.proxy_headers)
        # Runs an exec plugin, or asks an OIDC provider, when the token has expired: once, not once per thread.
        with refresh, _as_os_errors():
            client.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)

    return Access(server, server if asked_of_proxy else urlsplit(server).path, _dialled(pool, server), authorized)


def _dialled(pool: Any, server: str) -> Callable[[], socket.socket]:
    """urllib3 opens connections as the package has it told: with its certificates and names, and through its proxy."""

    def dial() -> socket.socket:
        connections = pool.connection_from_url(server)
        connection = connections._new_conn()
        connection.timeout = CONNECT_SECONDS
        try:
            with _as_os_errors():
                if pool.proxy is not None:
                    connections._prepare_proxy(connection)
                if connection.sock is None:
                    connection.connect()
        except BaseException:
            connection.close()
            raise
        opened: socket.socket = connection.sock
        return opened

    return dial


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What urllib3 raises, as what Python raises for the same."""
    from urllib3.exceptions import HTTPError

    try:
        yield
    except HTTPError as error:
        raise ConnectionError(_innermost(error)) from error


def _innermost(error: Any) -> str:
    """urllib3 wraps reasons in reasons; people want the last one."""
    while isinstance(getattr(error, "reason", None), Exception):
        error = error.reason
    return str(error) or type(error).__name__


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
