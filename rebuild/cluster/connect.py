"""A kubeconfig and a context to a connection. Reads the user's files and never writes them."""

from __future__ import annotations

from pathlib import Path

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_kube_config

from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.errors import Unreachable

IN_FLIGHT = 16
"""Writes under way at once. A few per core saturate an API server; its own fairness queues hold the rest."""
_WATCH_CONNECTIONS = 48
DEFAULT_TIMEOUT = 60.0
"""Seconds to wait for an answer: the API server's own `--request-timeout`."""


def connect(*, context: str, kubeconfig: Path | None = None, timeout: float = DEFAULT_TIMEOUT) -> ApiServer:
    """Open a connection to the cluster that a kubeconfig context names.

    Args:
        context: the context's name; empty for the file's current context (only for files of our own labs).
        kubeconfig: the file; None for what kubectl would read (`$KUBECONFIG`, else `~/.kube/config`).
        timeout: seconds to wait for each answer.

    Raises:
        Unreachable: when the file or the context cannot be used, or the server does not answer.
    """
    configuration = Configuration()
    where = f" in {kubeconfig}" if kubeconfig else ""
    try:
        load_kube_config(
            config_file=str(kubeconfig) if kubeconfig else None,
            context=context or None,
            client_configuration=configuration,
            persist_config=False,
        )
    except (ConfigException, OSError, yaml.YAMLError, ValueError) as error:
        raise Unreachable(
            f"context {context!r} cannot be used{where}: {error}",
            hint="`kubectl config get-contexts` lists what there is; name one with --context",
        ) from error
    configuration.connection_pool_maxsize = IN_FLIGHT + _WATCH_CONNECTIONS
    return ApiServer(Transport(ApiClient(configuration), timeout=timeout))


def reached(cluster: ApiServer, *, context: str) -> ApiServer:
    """The same connection once the server has answered.

    Raises:
        Unreachable: with the server's address and what came instead of an answer.
    """
    try:
        cluster.identity()
    except ClusterFault as error:
        raise Unreachable(
            f"the cluster of context {context!r} does not answer: {error}",
            hint=f"try `kubectl --context {context} version`",
        ) from error
    return cluster
