"""What a declaration may not carry into another cluster, taken out with a finding for each kind of thing.

Manifests that were exported from a live cluster hold fields that its API server wrote. The next server refuses
some (`managedFields` under server-side apply) and acts on others: an ownerReference whose UID it does not know
gets the object garbage-collected within seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.model.findings import Severity
from rebuild.model.objects import Body, dig

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SERVER_OWNED = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
)


class Stripped:
    """A cleaned body, and what had to go: (code, severity, message) for each thing that carried information."""

    __slots__ = ("body", "notes")

    def __init__(self, body: Body) -> None:
        self.notes: list[tuple[str, Severity, str]] = []
        self.body = dict(body)
        metadata = dict(self.body.get("metadata") or {})
        self.notes.extend(_strip_metadata(metadata))
        self.body["metadata"] = metadata
        status = self.body.pop("status", None)
        if _says_something(status):
            self.notes.append(("status-stripped", Severity.INFO, "status belongs to the cluster; left out"))


def _strip_metadata(metadata: Body) -> Iterator[tuple[str, Severity, str]]:
    gone = [name for name in _SERVER_OWNED if metadata.pop(name, None) is not None]
    if gone:
        yield (
            "server-owned-metadata",
            Severity.INFO,
            f"metadata.{', metadata.'.join(gone)} belong to the API server; left out",
        )
    owners = metadata.pop("ownerReferences", None)
    if owners:
        names = ", ".join(f"{dig(owner, 'kind')}/{dig(owner, 'name')}" for owner in owners)
        yield (
            "foreign-owner-reference",
            Severity.WARNING,
            f"its owner ({names}) has another UID in another cluster, and the garbage collector would delete the "
            "object; the ownerReferences are left out",
        )
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != LAST_APPLIED}
        yield "last-applied-stripped", Severity.INFO, f"the annotation {LAST_APPLIED} is left out"


def _says_something(status: object) -> bool:
    """controller-gen writes a skeleton of empty values into every CRD that it generates."""
    if isinstance(status, dict):
        return any(_says_something(value) for value in status.values())
    return bool(status)
