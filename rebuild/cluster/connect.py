"""A kubeconfig and a context to a connection. Reads the user's files and never writes them."""

from __future__ import annotations

from pathlib import Path

from rebuild.cluster import kubeconfig as kubeconfigs
from rebuild.cluster import plain
from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.faults import Cause

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
    files = kubeconfigs.files(kubeconfig)
    access = plain.access(files, context)
    if access is None:
        # Imported late: most kubeconfigs of clusters for drills are plain.
        from rebuild.cluster import package

        access = package.access(files, context)
    return Transport(access, timeout=timeout)


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
