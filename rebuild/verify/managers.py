"""Who owns a field, read from an object's `metadata.managedFields` (format FieldsV1 of server-side apply)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from rebuild.model.objects import Body, dig_maps
from rebuild.verify import paths


@dataclass(frozen=True, slots=True)
class Owner:
    """A manager, and the subresource that it wrote through (empty: the object itself)."""

    manager: str
    subresource: str = ""

    def __str__(self) -> str:
        return f"{self.manager} ({self.subresource})" if self.subresource else self.manager


def manager_of(live: Body, path: paths.Path) -> str:
    """The owners of a field as text, `kube-controller-manager (scale)`; empty when nobody owns it."""
    return ", ".join(str(owner) for owner in owners_of(live, path))


def owners_of(live: Body, path: paths.Path) -> tuple[Owner, ...]:
    """The owners of a field, in the order of the object's entries; several share what they agree on."""
    entries = dig_maps(live, "metadata", "managedFields")
    found = [
        Owner(str(entry.get("manager", "")), str(entry.get("subresource", "")))
        for entry in entries
        if _owns(entry.get("fieldsV1"), path)
    ]
    return tuple(dict.fromkeys(found))


def _owns(fields: Any, path: paths.Path) -> bool:
    """Whether a set of fields holds the path itself, or an atomic value that the path lies in.

    A leaf (`{}`) stands for a whole value. An inner node stands for itself only where it has the member `.`;
    with children alone it leads to what is owned, and so names who owns parts of the value.
    """
    if not isinstance(fields, Mapping):
        return False
    for depth, step in enumerate(path):
        if depth and not fields:
            return True
        below = _below(fields, step)
        if below is None:
            return False
        fields = below
    return True


def _below(fields: Mapping[str, Any], step: paths.Step) -> Mapping[str, Any] | None:
    match step:
        case str():
            found = fields.get(f"f:{step}")
        case paths.Index(position):
            found = fields.get(f"i:{position}")
        case paths.Keyed(keys):
            wanted = {name: value for name, value in keys if value is not None}
            found = next((child for keyed, child in _with_prefix(fields, "k:") if keyed == wanted), None)
        case paths.Member(value):
            found = next((child for member, child in _with_prefix(fields, "v:") if member == value), None)
        case _:
            assert_never(step)
    return found if isinstance(found, Mapping) else None


def _with_prefix(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[Any, Any]]:
    for name, child in fields.items():
        if name.startswith(prefix):
            try:
                yield json.loads(name.removeprefix(prefix)), child
            except ValueError:
                continue
