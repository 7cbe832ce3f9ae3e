"""A claim that is created before the volume reserved for it gets an empty volume provisioned, and the data
of the reserved one is orphaned. That is why a claim waits for its volume, and never the other way round.

The claims that a StatefulSet makes are named `<template>-<name>-<ordinal>`; the StatefulSet stands in for
them. Must not make a claim's readiness a gate: under WaitForFirstConsumer it waits for the pod itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
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
_NUMBERED = re.compile(r"(?P<stem>.+)-(?:0|[1-9][0-9]*)")


def edges_from(index: Index) -> Iterator[Edge]:
    """Claim, StatefulSet -> reserved volume, READY, hard; -> StorageClass, EXISTS, soft.

    A StatefulSet also waits for claims that are declared under the names that it would use: EXISTS, hard,
    since it would otherwise make them itself.
    """
    yield from _of_claims(index)
    yield from _of_stateful_sets(index)


def _of_claims(index: Index) -> Iterator[Edge]:
    reserved: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for claim, volume in _reservations(index):
        reserved[claim].append(volume)
    defaults = _default_classes(index)
    for item in index.of_kind("", "PersistentVolumeClaim"):
        for volume in reserved.get((item.ref.namespace, item.ref.name), ()):
            yield _edge(item.ref, volume, Gate.READY, Strength.HARD, "this volume is reserved for the claim")
        named = index.find("", "PersistentVolume", "", text(item.body, "spec", "volumeName"))
        if named:
            yield _edge(item.ref, named, Gate.READY, Strength.HARD, "claims this volume by name")
        for storage_class in _classes_of(item.body, index, defaults):
            yield _edge(item.ref, storage_class, Gate.EXISTS, Strength.SOFT, "is provisioned by this class")


def _of_stateful_sets(index: Index) -> Iterator[Edge]:
    volumes: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for (namespace, name), volume in _reservations(index):
        if numbered := _NUMBERED.fullmatch(name):
            volumes[namespace, numbered["stem"]].append(volume)
    claims: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for item in index.of_kind("", "PersistentVolumeClaim"):
        if numbered := _NUMBERED.fullmatch(item.ref.name):
            claims[item.ref.namespace, numbered["stem"]].append(item.ref)
    defaults = _default_classes(index)
    for item in index.of_kind("apps", "StatefulSet"):
        for template in dig_maps(item.body, "spec", "volumeClaimTemplates"):
            stem = item.ref.namespace, f"{text(template, 'metadata', 'name')}-{item.ref.name}"
            for volume in volumes.get(stem, ()):
                why = "this volume is reserved for one of its claims"
                yield _edge(item.ref, volume, Gate.READY, Strength.HARD, why)
            for claim in claims.get(stem, ()):
                yield _edge(item.ref, claim, Gate.EXISTS, Strength.HARD, "mounts this claim")
            for storage_class in _classes_of(template, index, defaults):
                why = "its claims are provisioned by this class"
                yield _edge(item.ref, storage_class, Gate.EXISTS, Strength.SOFT, why)


def _edge(dependent: Ref, dependency: Ref, gate: Gate, strength: Strength, why: str) -> Edge:
    return Edge(dependent, dependency, gate, strength, why, "storage")


def _reservations(index: Index) -> Iterator[tuple[tuple[str, str], Ref]]:
    """Namespace and name of the claim that each declared volume is reserved for; both are needed to match."""
    for item in index.of_kind("", "PersistentVolume"):
        claim = dig(item.body, "spec", "claimRef")
        namespace, name = text(claim, "namespace"), text(claim, "name")
        if namespace and name:
            yield (namespace, name), item.ref


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
