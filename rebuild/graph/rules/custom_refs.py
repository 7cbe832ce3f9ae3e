"""Operators read what their custom resources refer to, and retry with a growing pause while it is missing.

Read by shape, since there are more kinds than anybody can list: a field that is called like a reference
(`issuerRef`, `valuesFrom`, `secretName`) and resolves to a declared object. A name alone never suffices: the kind
comes from a `kind` beside the name, from the definition's default for it, or from the name of the field.
Free text that happens to be somebody's name must not make an edge, so fields that hold plain text count only
for kinds that are never named by accident, and a definition in the repository decides what is a field at all.

Order alone, so every edge is soft. Must not read what a custom resource makes as what it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rebuild.graph import custom, embedded
from rebuild.graph.custom import Node
from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.graph.producing import Production
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, Manifest, dig
from rebuild.model.refs import Ref

_READ_ELSEWHERE = frozenset({"gateway.networking.k8s.io"})
"""Their specification says what their references default to."""
_PRODUCED = frozenset({"ConfigMap", "Secret"})
_OUTPUTS = frozenset({"writeConnectionSecretToRef"})

_REFERRING = re.compile(r"(?P<stem>.*?)(?:Key)?(?:Ref|Reference|From)s?")
_NAMING = re.compile(r"(?P<stem>.*?)(?:Name|Ref)s?")
_PORTS = ("port", "portName", "servicePort")
_CORE = ("PersistentVolumeClaim", "ServiceAccount", "ConfigMap", "Service", "Secret")
"""Kinds of the core group that the end of a field's name may give, the longest first."""


def edges_from(index: Index) -> Iterator[Edge]:
    """Custom resource -> each declared object, or producer of one, that a field of it refers to: EXISTS, soft."""
    production = index.once(Production)
    for item in index.custom():
        if item.ref.group in _READ_ELSEWHERE:
            continue
        for node in custom.nodes_of(item, index.schema_of(item.ref), closed=embedded.is_pod_spec):
            # Pod templates are read by `config_refs`, with all that Kubernetes says about them.
            for key, value in () if embedded.is_pod_spec(node.value) else node.fields():
                for found in _targets(key, value, node, item, index, production):
                    why = f"refers to it in {node.at(key)}"
                    yield Edge(item.ref, found, Gate.EXISTS, Strength.SOFT, why, "custom_refs")


def _targets(key: str, value: Any, node: Node, item: Manifest, index: Index, production: Production) -> Iterator[Ref]:
    if key in _OUTPUTS:
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            wanted = _by_mapping(key, each, node, item, index)
        elif isinstance(each, str) and each:
            wanted = _by_text(key, each, node, item)
        else:
            wanted = None
        if wanted is None:
            continue
        makers = production.of(wanted)
        if item.ref not in makers:
            declared = index.get(wanted)
            yield from [declared.ref] if declared else makers


def _by_mapping(key: str, value: Body, node: Node, item: Manifest, index: Index) -> Ref | None:
    """What `fooRef: {kind: …, name: …}` or `fooSecret: {name: …}` means."""
    name = text(value, "name")
    if not name or value.get("optional") is True:
        return None
    namespace = text(value, "namespace") or item.ref.namespace
    referring = _REFERRING.fullmatch(key)
    schema = node.schema_of(key)
    kind = text(value, "kind") or _default(schema, "kind")
    if referring and kind:
        group = _group_in(value, schema)
        return _declared(group, kind, namespace, name, item, index)
    stem = _capital(referring["stem"] if referring else key)
    core = _core_kind(stem)
    if core == "Service" and not (referring or "namespace" in value or any(port in value for port in _PORTS)):
        return None
    if core:
        return Ref("", core, namespace, name)
    # Named by the field alone, a kind is one of the same group: many groups have a Cluster.
    return _declared(item.ref.group, stem, namespace, name, item, index) if referring else None


def _by_text(key: str, name: str, node: Node, item: Manifest) -> Ref | None:
    """What `fooSecretName: …` or `storageClassName: …` means."""
    schema = node.schema_of(key)
    if schema is not None and (schema.get("type") != "string" or "enum" in schema):
        return None
    naming = _NAMING.fullmatch(key)
    field = naming["stem"] if naming else key
    stem = _capital(field)
    if stem.endswith("StorageClass"):
        return Ref("storage.k8s.io", "StorageClass", "", name)
    if stem.endswith("PriorityClass"):
        return Ref("scheduling.k8s.io", "PriorityClass", "", name)
    if stem.endswith("VolumeSnapshotClass"):
        return Ref("snapshot.storage.k8s.io", "VolumeSnapshotClass", "", name)
    core = _core_kind(stem)
    if core == "Service" and not any(port in node.value for port in _PORTS):
        return None
    if key == "claimName":
        core = "PersistentVolumeClaim"
    beside = text(node.value, f"{field}Namespace") or text(node.value, "namespace")
    return Ref("", core, beside or item.ref.namespace, name) if core else None


def _declared(group: str | None, kind: str, namespace: str, name: str, item: Manifest, index: Index) -> Ref | None:
    """The one object that is meant, whether its kind is namespaced or not; None where several may be."""
    found = [ref for place in dict.fromkeys((namespace, "")) for ref in index.named(kind, place, name)]
    if group is not None:
        found = [ref for ref in found if ref.group == group]
    near = [ref for ref in found if ref.group == item.ref.group]
    candidates = near or found
    if not found and not group and kind in _PRODUCED:
        return Ref("", kind, namespace, name)
    return candidates[0] if len(candidates) == 1 and candidates[0] != item.ref else None


def _group_in(value: Body, schema: Body | None) -> str | None:
    """The group that a reference gives: in an `apiVersion`, or beside the kind; None where it gives none."""
    if version := text(value, "apiVersion"):
        return version.rpartition("/")[0]
    for field in ("group", "apiGroup"):
        if isinstance(value.get(field), str):
            return str(value[field])
        if default := _default(schema, field):
            return default
    return None


def _default(schema: Body | None, field: str) -> str:
    """What the API server, or the only allowed value, makes of a field that is left out."""
    default = text(schema, "properties", field, "default")
    allowed = dig(schema, "properties", field, "enum")
    only = allowed[0] if isinstance(allowed, list) and len(allowed) == 1 else ""
    return default or (only if isinstance(only, str) else "")


def _core_kind(stem: str) -> str:
    singular = stem.removesuffix("s") if not stem.endswith("ss") else stem
    return next((kind for kind in _CORE if singular.endswith(kind)), "")


def _capital(stem: str) -> str:
    return stem[:1].upper() + stem[1:]
