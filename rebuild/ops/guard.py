"""Is this the cluster that was meant? Says what speaks against it; asking a person is the door's business."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from rebuild.cluster import kubeconfig as kubeconfigs
from rebuild.model.errors import Refused
from rebuild.ops.settings import Settings
from rebuild.ops.target import BoundTarget
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan
from rebuild.source import roots

_SHOWN = 5


def assert_allowed(context: str, settings: Settings) -> None:
    """Make sure that the user's settings let this context be used; asks no cluster.

    Raises:
        Refused: when there is a list of allowed contexts, and none of its patterns fits.
    """
    allowed = settings.allowed_contexts
    if allowed is not None and not any(fnmatchcase(context, pattern) for pattern in allowed):
        raise Refused(
            f"the context {context!r} is not among those that {settings.path} allows: {', '.join(allowed) or 'none'}",
            hint="name another context, or add this one to contexts.allow there",
        )


def assert_not_denied(target: BoundTarget, settings: Settings) -> None:
    """Make sure that the user's settings do not deny this cluster, whatever the context that led to it is called.

    Raises:
        Refused: when they do.
    """
    if target.identity.uid in settings.denied_clusters:
        raise Refused(
            f"{settings.path} denies writing to the cluster {target.identity.uid} at {target.identity.server}",
            hint="nothing was written; name another context",
        )


def assert_own(kubeconfig: Path | None, source: str) -> None:
    """Make sure that whoever wrote a source does not act on this machine by a kubeconfig that lies in it.

    Args:
        kubeconfig: the file that the user named; None for those of the environment.
        source: the location of the source as the user named it.

    Raises:
        Refused: when the kubeconfig stands in the work tree and runs programs, reads files, or trusts any server.
    """
    root = roots.root(source)
    for file in kubeconfigs.named(kubeconfig):
        if root and roots.holds(root, file) and (settings := kubeconfigs.acting(file)):
            raise Refused(
                f"the kubeconfig {file} lies in the source {root} and has {', '.join(settings)}: what comes out of a "
                "repository must not act on this machine",
                hint="nothing of it was run; name a kubeconfig of your own outside of the source",
            )


def objection(target: BoundTarget, snapshot: Snapshot, plan: Plan) -> str:
    """Why writing to this target needs a second look, or nothing: a fresh cluster, or nothing to write.

    A cluster is fresh when it holds nothing beyond what its provider puts there; one that we may not read is not known
    to be fresh.
    """
    if not plan.count(Action.CREATE) and not plan.count(Action.CONFIGURE):
        return ""
    strangers = snapshot.strangers(target.baseline_namespaces)
    if strangers:
        shown = ", ".join(str(ref) for ref in strangers[:_SHOWN])
        more = f" and {len(strangers) - _SHOWN} more" if len(strangers) > _SHOWN else ""
        return f"the cluster {target.identity.server} is not fresh: it holds {shown}{more}"
    if snapshot.unread:
        kinds = ", ".join(sorted({kind for _, kind, _ in snapshot.unread}))
        return f"nobody can tell whether the cluster {target.identity.server} is fresh: {kinds} cannot be read"
    return ""
