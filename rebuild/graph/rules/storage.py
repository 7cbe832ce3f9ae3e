"""A claim that is created before the volume reserved for it gets an empty volume provisioned, and the data
of the reserved one is orphaned. That is why a claim waits for its volume, and never the other way round.

Volume and claim may be tied from either side: `claimRef` of the volume, whatever the volume is called (a
provisioner's own name included), or `volumeName` of the claim, with or without a `claimRef` that answers it. The
claims that a StatefulSet makes are named `<template>-<name>-<ordinal>`; the StatefulSet stands in for them.

A claim with a selector is never provisioned for: it stays Pending until a volume with these labels is there,
found at once or by the volume controller's next round (15 s). A claim with neither takes any volume of its class
and size: no order can be read from that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.graph.shelf import Shelf
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig, dig_maps
from rebuild.model.refs import Ref

_DRIVER_SECRETS = (
    "controllerExpandSecretRef",
    "controllerPublishSecretRef",
    "nodeExpandSecretRef",
    "nodePublishSecretRef",
    "nodeStageSecretRef",
)
_NUMBERED = re.compile(r"(?P<stem>.+)-(?:0|[1-9][0-9]*)")


def edges_from(index: Index) -> Iterator[Edge]:
    """Claim, StatefulSet -> reserved volume, READY, hard; claim -> volumes that it selects, READY, soft.

    A StatefulSet also waits for claims that are declared under the names that it would use: EXISTS, hard,
    since it would otherwise make them itself. A claim waits for what it is to be filled from, and a volume for the
    Secrets that its driver is given: EXISTS, soft.
    """
    yield from _of_claims(index)
    yield from _of_stateful_sets(index)
    yield from _of_volumes(index)


def _of_claims(index: Index) -> Iterator[Edge]:
    reserved: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for claim, volume in _reservations(index):
        reserved[claim].append(volume)
    free = Shelf(
        (pairs(item.body, "metadata", "labels"), item.ref)
        for item in index.of_kind("", "PersistentVolume")
        if not text(item.body, "spec", "claimRef", "name")
    )
    for item in index.of_kind("", "PersistentVolumeClaim"):
        own = reserved.get((item.ref.namespace, item.ref.name), ())
        for volume in own:
            yield _edge(item.ref, volume, Gate.READY, Strength.HARD, "this volume is reserved for the claim")
        volume_name = text(item.body, "spec", "volumeName")
        named = index.find("", "PersistentVolume", "", volume_name)
        if named:
            yield _edge(item.ref, named, Gate.READY, Strength.HARD, "claims this volume by name")
        elif not (own or volume_name):
            for volume in free.matching(dig(item.body, "spec", "selector")):
                if _class_of(item) == _class_of(index.get(volume)):
                    yield _edge(item.ref, volume, Gate.READY, Strength.SOFT, "selects this volume")
        yield from _to_its_source(item, index)


def _to_its_source(claim: Manifest, index: Index) -> Iterator[Edge]:
    """The snapshot or claim that a new volume is filled from; the provisioner tries again while it is missing."""
    for field in ("dataSource", "dataSourceRef"):
        source = dig(claim.body, "spec", field)
        namespace = text(source, "namespace") or claim.ref.namespace
        found = index.find(text(source, "apiGroup"), text(source, "kind"), namespace, text(source, "name"))
        if found:
            yield _edge(claim.ref, found, Gate.EXISTS, Strength.SOFT, "is filled from it")


def _of_stateful_sets(index: Index) -> Iterator[Edge]:
    volumes: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for (namespace, name), volume in _reservations(index):
        if numbered := _NUMBERED.fullmatch(name):
            volumes[namespace, numbered["stem"]].append(volume)
    claims: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for item in index.of_kind("", "PersistentVolumeClaim"):
        if numbered := _NUMBERED.fullmatch(item.ref.name):
            claims[item.ref.namespace, numbered["stem"]].append(item.ref)
    for item in index.of_kind("apps", "StatefulSet"):
        for template in dig_maps(item.body, "spec", "volumeClaimTemplates"):
            stem = item.ref.namespace, f"{text(template, 'metadata', 'name')}-{item.ref.name}"
            for volume in volumes.get(stem, ()):
                why = "this volume is reserved for one of its claims"
                yield _edge(item.ref, volume, Gate.READY, Strength.HARD, why)
            for claim in claims.get(stem, ()):
                yield _edge(item.ref, claim, Gate.EXISTS, Strength.HARD, "mounts this claim")


def _of_volumes(index: Index) -> Iterator[Edge]:
    """The mount, not the volume, fails without them, and is tried again with a growing pause."""
    for item in index.of_kind("", "PersistentVolume"):
        driver = dig(item.body, "spec", "csi")
        for field in _DRIVER_SECRETS:
            secret = index.find("", "Secret", text(driver, field, "namespace"), text(driver, field, "name"))
            if secret:
                yield _edge(item.ref, secret, Gate.EXISTS, Strength.SOFT, "its driver is given this Secret")


def _edge(dependent: Ref, dependency: Ref, gate: Gate, strength: Strength, why: str) -> Edge:
    return Edge(dependent, dependency, gate, strength, why, "storage")


def _reservations(index: Index) -> Iterator[tuple[tuple[str, str], Ref]]:
    """Namespace and name of the claim that each declared volume is reserved for; both are needed to match."""
    for item in index.of_kind("", "PersistentVolume"):
        claim = dig(item.body, "spec", "claimRef")
        namespace, name = text(claim, "namespace"), text(claim, "name")
        if namespace and name:
            yield (namespace, name), item.ref


def _class_of(item: Manifest | None) -> str:
    """The class that volume and claim have to agree on; a claim that names none is bound by its default class."""
    return text(item.body, "spec", "storageClassName") if item else ""
