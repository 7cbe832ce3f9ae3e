"""From the target flags to a bound cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rebuild.cluster.connect import connect
from rebuild.model.errors import UsageError
from rebuild.ops.target import BoundTarget, bind

_PROVIDER = "existing"
_KIND_BASELINE = frozenset({"local-path-storage"})
"""kind puts its storage provisioner into a namespace of its own."""


@contextmanager
def bound(context: str, kubeconfig: Path | None, timeout: float) -> Iterator[BoundTarget]:
    """The cluster that the user named.

    Raises:
        UsageError: when no context is named: the current one may be anybody's.
        Unreachable: when it cannot be used.
    """
    if not context:
        raise UsageError(
            "no target is named", hint="name one with --context; `kubectl config get-contexts` lists what there is"
        )
    cluster = connect(context=context, kubeconfig=kubeconfig, timeout=timeout)
    try:
        yield bind(cluster, provider=_PROVIDER, baseline_namespaces=_KIND_BASELINE)
    finally:
        cluster.close()
