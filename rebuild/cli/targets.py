"""From the target flags to a bound cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from rebuild.cluster.connect import connect
from rebuild.model.errors import UsageError
from rebuild.ops import exclusive, guard, settings
from rebuild.ops.target import BoundTarget, bind
from rebuild.providers.kind.baseline import BASELINE
from rebuild.source import locations

_PROVIDER = "existing"


@contextmanager
def writable(context: str, kubeconfig: Path | None, timeout: float, *, source: str) -> Iterator[BoundTarget]:
    """The cluster that the user named, if the user's own settings let it be written to.

    Raises:
        Refused: when they do not; and all that `bound` raises.
    """
    own = settings.read()
    guard.assert_allowed(_named(context), own)
    with bound(context, kubeconfig, timeout, source=source) as target:
        guard.assert_not_denied(target, own)
        yield target


@contextmanager
def bound(context: str, kubeconfig: Path | None, timeout: float, *, source: str) -> Iterator[BoundTarget]:
    """The cluster that the user named, to be read.

    Raises:
        UsageError: when no context is named: the current one may be anybody's.
        Refused: when the kubeconfig comes out of the source and would act on this machine.
        Unreachable: when the cluster cannot be used.
    """
    _named(context)
    guard.assert_own(kubeconfig, source)
    cluster = connect(context=context, kubeconfig=kubeconfig, timeout=timeout)
    try:
        yield bind(cluster, provider=_PROVIDER, context=context, baseline_namespaces=BASELINE.namespaces)
    finally:
        cluster.close()


def held(target: BoundTarget, run: str, verb: str, location: str) -> AbstractContextManager[None]:
    """Keep every other run of this machine from writing to the target.

    Raises:
        ClusterBusy: when another run does that already.
    """
    command = f"rebuild {verb} {locations.without_credentials(location)}"
    return exclusive.held(target.identity.uid, run=run, command=command)


def _named(context: str) -> str:
    if not context:
        raise UsageError(
            "no target is named", hint="name one with --context; `kubectl config get-contexts` lists what there is"
        )
    return context
