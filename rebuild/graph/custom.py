"""The fields of a custom resource: which are fields of its kind, and which are somebody's free text.

Where the repository holds the CustomResourceDefinition, its schema decides; without one, every key counts but
those under names that hold free text by custom. Must not know any kind and must not decide on edges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from rebuild.model.objects import Body, Manifest, dig

_FREE_TEXT = frozenset(
    {"annotations", "data", "labels", "matchLabels", "metadata", "status", "stringData", "values", "valuesObject"}
)
"""Names of maps whose keys are chosen by users, and of what is not part of the declaration."""


class Node(Struct, frozen=True):
    """One mapping inside a custom resource. `path` leaves out places in lists; `parent` is the mapping around it."""

    path: str
    value: Body
    parent: Body | None
    schema: Body | None
    """What the definition says of this mapping; None where there is no definition."""

    def fields(self) -> Iterator[tuple[str, Any]]:
        """The keys that are fields of the kind, with their values."""
        for key, value in self.value.items():
            if isinstance(key, str) and key not in _FREE_TEXT and (self.schema is None or self._knows(key)):
                yield key, value

    def schema_of(self, key: str) -> Body | None:
        """What the definition says of a field, or of the items of one that is a list."""
        schema = dig(self.schema, "properties", key)
        items = dig(schema, "items")
        found = items if isinstance(items, dict) else schema
        return found if isinstance(found, dict) else None

    def at(self, key: str) -> str:
        """The path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def _knows(self, key: str) -> bool:
        return isinstance(dig(self.schema, "properties", key), dict)


def nodes_of(item: Manifest, schema: Body | None, *, closed: Callable[[Body], bool]) -> Iterator[Node]:
    """The mappings in a custom resource's spec and its like, each after the one around it.

    Whole objects inside of it (what a Composition or a ManifestWork will make elsewhere) are passed over.

    Args:
        closed: which mappings are given, and nothing inside of them.
    """
    rest = [_without_identity(item, schema)]
    while rest:
        node = rest.pop()
        yield node
        if not closed(node.value):
            rest.extend(reversed(list(_below(node))))


def _without_identity(item: Manifest, schema: Body | None) -> Node:
    body = {key: value for key, value in item.body.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    return Node("", body, None, schema)


def _below(node: Node) -> Iterator[Node]:
    for key, value in node.value.items():
        if not isinstance(key, str) or key in _FREE_TEXT:
            continue
        schema = node.schema and _schema_below(node.schema, key)
        # The mapping around the spec is the custom resource itself, whose metadata are not those of a template.
        parent = node.value if node.path else None
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and not _is_object(each):
                yield Node(node.at(key), each, parent, schema)


def _schema_below(schema: Body, key: str) -> Body:
    """What a schema says of a key; an empty one where the key is free text, so that nothing below is a field."""
    known = dig(schema, "properties", key)
    if known is None:
        known = schema.get("additionalProperties")
    items = dig(known, "items")
    below = items if isinstance(items, dict) else known
    return below if isinstance(below, dict) else {}


def _is_object(value: Body) -> bool:
    return "apiVersion" in value and "kind" in value and ("metadata" in value or "spec" in value)
