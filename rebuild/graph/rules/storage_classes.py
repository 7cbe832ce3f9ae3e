"""A claim without its StorageClass stays Pending, and one without any class gets the default one only when a
default exists: at its creation by admission, later by the volume controller's next round.

The Secrets of a class are read at each provisioning, attaching and mounting; names with a template in them are
known only then. The class is order alone. Must not make a claim's readiness a gate: under WaitForFirstConsumer it
waits for the pod itself. A VolumeAttributesClass is awaited by the controllers in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.refs import Ref

_GROUP = "storage.k8s.io"
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""Still takes precedence over `spec.storageClassName` (k8s.io/component-helpers/storage/volume)."""
_DEFAULT_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def edges_from(index: Index) -> Iterator[Edge]:
    """Claim, and whatever holds templates of claims -> StorageClass, VolumeAttributesClass; StorageClass -> the
    Secrets of its parameters: EXISTS, soft."""
    defaults = _default_classes(index)
    for item in index.of_kind("", "PersistentVolumeClaim"):
        yield from _edges(item.ref, item.body, "is provisioned by this class", index, defaults)
    for item in index.of_kind("apps", "StatefulSet"):
        for template in dig_maps(item.body, "spec", "volumeClaimTemplates"):
            yield from _edges(item.ref, template, "its claims are provisioned by this class", index, defaults)
    for workload in index.workloads:
        for volume in dig_maps(workload.pod, "volumes"):
            template = dig(volume, "ephemeral", "volumeClaimTemplate")
            if isinstance(template, dict):
                why = "its ephemeral volumes are provisioned by this class"
                yield from _edges(workload.ref, template, why, index, defaults)
    for item in index.of_kind(_GROUP, "StorageClass"):
        parameters = pairs(item.body, "parameters")
        for key, name in parameters.items():
            if key.startswith("csi.storage.k8s.io/") and key.endswith("-secret-name"):
                namespace = parameters.get(f"{key.removesuffix('-name')}-namespace", "")
                secret = index.find("", "Secret", namespace, name)
                if secret:
                    why = "its driver is given this Secret"
                    yield Edge(item.ref, secret, Gate.EXISTS, Strength.SOFT, why, "storage_classes")


def _edges(dependent: Ref, claim: Body, why: str, index: Index, defaults: list[Ref]) -> Iterator[Edge]:
    for storage_class in _classes_of(claim, index, defaults):
        yield Edge(dependent, storage_class, Gate.EXISTS, Strength.SOFT, why, "storage_classes")
    attributes = index.find(_GROUP, "VolumeAttributesClass", "", text(claim, "spec", "volumeAttributesClassName"))
    if attributes:
        why = "its volumes have the attributes of this class"
        yield Edge(dependent, attributes, Gate.EXISTS, Strength.SOFT, why, "storage_classes")


def _default_classes(index: Index) -> list[Ref]:
    """The declared default classes: of several, the API server takes the newest, which nobody knows yet."""
    return [
        item.ref
        for item in index.of_kind(_GROUP, "StorageClass")
        if "true" in (text(item.body, "metadata", "annotations", key) for key in _DEFAULT_ANNOTATIONS)
    ]


def _classes_of(claim: Body, index: Index, defaults: list[Ref]) -> list[Ref]:
    """The declared classes of a claim: an empty name asks for none, a missing one for the default."""
    name = pairs(claim, "metadata", "annotations").get(_CLASS_ANNOTATION)
    if name is None:
        name = dig(claim, "spec", "storageClassName")
    if name is None:
        return defaults
    named = index.find(_GROUP, "StorageClass", "", name) if isinstance(name, str) else None
    return [named] if named else []
