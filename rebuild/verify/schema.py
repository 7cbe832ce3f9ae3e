"""The shapes of all kinds: the built-in API's from `schemas.json`, custom resources' from their definitions.

`schemas.json` is data, written from a control plane's /openapi/v3 by `tools/generate_tables.py`. A kind that
neither knows gets a shape that only knows `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.verify import paths
from rebuild.verify.shapes import BLANK, ListType, Shape, decoded, distil

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_METADATA = Shape(fields={"metadata": Shape(type=OBJECT_META)})


def root_key(group: str, version: str, kind: str) -> str:
    """How a kind in one version is named in the table: `apps/v1/Deployment`, `v1/Secret`."""
    return f"{group}/{version}/{kind}" if group else f"{version}/{kind}"


class Schemas:
    """An immutable table of shapes by kind, and of the named types that they refer to."""

    def __init__(
        self, roots: Mapping[str, Shape], types: Mapping[str, Mapping[str, Any]], custom: frozenset[str] = frozenset()
    ) -> None:
        self._roots, self._rows, self._custom = roots, types, custom
        # Most runs touch a tenth of the types, so each is decoded when it is first asked for.
        self._types: dict[str, Shape] = {}

    def root(self, ref: Ref) -> Shape:
        """The shape of a whole object in the version that the ref was written in."""
        return self.resolved(self._roots.get(root_key(ref.group, ref.version, ref.kind), _METADATA))

    def is_stored_as_sent(self, ref: Ref) -> bool:
        """Whether the server keeps every field of these objects, zero values too: what a definition defines."""
        return root_key(ref.group, ref.version, ref.kind) in self._custom

    def resolved(self, shape: Shape) -> Shape:
        """The shape itself, or the named type that it refers to."""
        if not shape.type:
            return shape
        if shape.type not in self._types:
            row = self._rows.get(shape.type)
            self._types[shape.type] = self.resolved(decoded(row)) if row is not None else BLANK
        return self._types[shape.type]

    def at(self, ref: Ref, path: paths.Path) -> Shape:
        """The shape at a path of an object, blank where the schema says nothing."""
        shape = self.root(ref)
        for step in path:
            below = shape.below(step) if isinstance(step, str) else shape.element
            shape = self.resolved(below)
        return shape

    def extended(self, definitions: Iterable[Body]) -> Schemas:
        """A table that also knows what these CustomResourceDefinitions define, in every version they list."""
        found = {key: shape for body in definitions for key, shape in _defined(body)}
        return Schemas({**self._roots, **found}, self._rows, self._custom | found.keys())


@cache
def builtin() -> Schemas:
    """The shapes of the kinds that a Kubernetes control plane serves without any extension."""
    data = orjson.loads(Path(__file__).with_name("schemas.json").read_bytes())
    return Schemas({key: Shape(type=name) for key, name in data["roots"].items()}, data["types"])


def _defined(body: Body) -> Iterable[tuple[str, Shape]]:
    group, kind = dig(body, "spec", "group"), dig(body, "spec", "names", "kind")
    for version in dig_maps(body, "spec", "versions"):
        schema = dig(version, "schema", "openAPIV3Schema")
        shape = distil(schema if isinstance(schema, Mapping) else {})
        # A definition says next to nothing about metadata: the API server handles it as it does everywhere.
        fields = {**shape.fields, **_METADATA.fields}
        yield root_key(str(group), str(version.get("name")), str(kind)), replace(shape, fields=fields)


def reachable(types: Mapping[str, Shape], roots: Iterable[str]) -> dict[str, Shape]:
    """The types reachable from the roots that lead to a fact; references to all others are removed."""
    telling = {name for name, shape in types.items() if _says_something(shape, frozenset())}
    while grown := {n for n, s in types.items() if n not in telling and _says_something(s, telling)}:
        telling |= grown
    kept: dict[str, Shape] = {}
    pending = [name for name in roots if name in telling]
    while pending:
        name = pending.pop()
        if name not in kept:
            kept[name] = _pruned(types[name], telling)
            pending.extend(_references(kept[name]))
    return kept


def _says_something(shape: Shape, telling: Iterable[str]) -> bool:
    """Whether comparison could differ from that of a blank shape."""
    facts = (shape.scalar, shape.keys, shape.exact, shape.kept, shape.raw, shape.defaults, shape.values is not None)
    if any(facts) or shape.list_type is not ListType.ATOMIC:
        return True
    children = [*shape.fields.values(), *([shape.items] if shape.items else [])]
    return shape.type in telling or any(_says_something(child, telling) for child in children)


def _pruned(shape: Shape, telling: set[str]) -> Shape:
    fields = {n: _pruned(c, telling) for n, c in shape.fields.items() if _says_something(c, telling)}
    items = _pruned(shape.items, telling) if shape.items and _says_something(shape.items, telling) else None
    values = shape.values if shape.values is None else _pruned(shape.values, telling)
    kind = shape.type if shape.type in telling else ""
    return replace(shape, type=kind, fields=fields, items=items, values=values)


def _references(shape: Shape) -> Iterable[str]:
    if shape.type:
        yield shape.type
    for child in (*shape.fields.values(), shape.items, shape.values):
        if child is not None:
            yield from _references(child)
