"""What a declaration may not carry into another cluster, taken out with a finding for each kind of thing.

Manifests that were exported from a live cluster hold fields that its API server wrote. The next server refuses
some (`managedFields` under server-side apply) and acts on others: an ownerReference whose UID it does not know
gets the object garbage-collected within seconds, and a volume whose claim has another UID is never bound again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from rebuild.model.findings import Severity
from rebuild.model.objects import Body, dig, dig_maps

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
ACCOUNT_UID = "kubernetes.io/service-account.uid"
Note: TypeAlias = tuple[str, Severity, str]
"""Code, severity and message of what had to go."""
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
    """A cleaned body, and a note for each thing that had to go and carried information."""

    __slots__ = ("body", "notes")

    def __init__(self, body: Body) -> None:
        self.notes: list[Note] = []
        self.body = dict(body)
        metadata = dict(self.body.get("metadata") or {})
        self.notes.extend(_strip_metadata(metadata))
        self.body["metadata"] = metadata
        self.notes.extend(_strip_claim(self.body))
        self.notes.extend(_strip_token_owner(self.body))
        status = self.body.pop("status", None)
        if _says_something(status):
            self.notes.append(("status-stripped", Severity.INFO, "status belongs to the cluster; left out"))


def _strip_metadata(metadata: Body) -> Iterator[Note]:
    gone = [name for name in _SERVER_OWNED if metadata.pop(name, None) is not None]
    if gone:
        yield (
            "server-owned-metadata",
            Severity.INFO,
            f"metadata.{', metadata.'.join(gone)} belong to the API server; left out",
        )
    names = ", ".join(f"{owner.get('kind')}/{owner.get('name')}" for owner in dig_maps(metadata, "ownerReferences"))
    if metadata.pop("ownerReferences", None):
        yield (
            "foreign-owner-reference",
            Severity.WARNING,
            f"its owner ({names}) has another UID here: the object would be deleted; ownerReferences left out",
        )
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != LAST_APPLIED}
        yield "last-applied-stripped", Severity.INFO, f"the annotation {LAST_APPLIED} is left out"


def _strip_claim(body: Body) -> Iterator[Note]:
    """A volume keeps its claim by name; the claim's UID and version are those of the lost cluster."""
    claim = dig(body, "spec", "claimRef")
    if (body.get("apiVersion"), body.get("kind")) != ("v1", "PersistentVolume") or not isinstance(claim, dict):
        return
    gone = [name for name in ("uid", "resourceVersion") if claim.get(name) is not None]
    if gone:
        names = ", ".join(f"spec.claimRef.{name}" for name in gone)
        kept = {name: value for name, value in claim.items() if name not in gone}
        body["spec"] = {**body["spec"], "claimRef": kept}
        yield (
            "foreign-claim",
            Severity.WARNING,
            f"{names} of another cluster: the volume would be Released and never bound; left out",
        )


def _strip_token_owner(body: Body) -> Iterator[Note]:
    """The token controller deletes a token Secret whose ServiceAccount has another UID than the one noted on it."""
    annotations = dig(body, "metadata", "annotations")
    if (body.get("apiVersion"), body.get("kind"), body.get("type")) != (
        "v1",
        "Secret",
        "kubernetes.io/service-account-token",
    ):
        return
    if isinstance(annotations, dict) and ACCOUNT_UID in annotations:
        kept = {name: value for name, value in annotations.items() if name != ACCOUNT_UID}
        body["metadata"] = {**body["metadata"], "annotations": kept}
        yield (
            "foreign-service-account",
            Severity.WARNING,
            f"the annotation {ACCOUNT_UID} is of another cluster: the Secret would be deleted; left out",
        )


def _says_something(status: object) -> bool:
    """controller-gen writes a skeleton of empty values into every CRD that it generates."""
    if isinstance(status, dict):
        return any(_says_something(value) for value in status.values())
    return bool(status)
