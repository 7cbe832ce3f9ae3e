"""What others added under a declared object: fields, map keys and list entries that somebody owns and nobody declared.

The live object, the declaration, the schema and the owners are walked together. Where nobody owns anything the walk
ends: what the API server fills in has no owner. Fields of a struct are told one by one and so are free keys; an added
entry of a list is told as a whole. Status and what the server keeps in `metadata` are nobody's declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from rebuild.model import kinds
from rebuild.model.objects import Body, Manifest
from rebuild.model.refs import Ref
from rebuild.verify import paths
from rebuild.verify.compare import ABSENT
from rebuild.verify.drift import defaults
from rebuild.verify.drift.defaults import Custom
from rebuild.verify.managers import Entry, Fields, key_text
from rebuild.verify.schema import Schemas
from rebuild.verify.shapes import ListType, Shape

_NOT_DECLARED_BY_ANYBODY = frozenset({"apiVersion", "kind", "status"})
_OF_THE_SERVER = frozenset({
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
})  # fmt: skip

_FILLED_IN: dict[tuple[str, str], tuple[paths.Path, ...]] = {
    ("certificates.k8s.io", "CertificateSigningRequest"): (
        ("spec", "extra"),
        ("spec", "groups"),
        ("spec", "uid"),
        ("spec", "username"),
    ),
    ("resource.k8s.io", "DeviceTaintRule"): (("spec", "taint", "timeAdded"),),
}
"""What the server writes into the specs of some kinds, by who asks and when: no default, and nobody's addition."""


class Addition(Struct, frozen=True):
    """A place that holds something undeclared: its live value as it is, not yet fit to be shown, and its owners."""

    path: paths.Path
    live: Any
    entries: tuple[Entry, ...]


def additions(
    manifest: Manifest, live: Body, schemas: Schemas, *, ours: str, custom: Custom = defaults.NOTHING_CUSTOM
) -> list[Addition]:
    """Everything undeclared that has an owner, in the order of the live object; `ours` is our field manager.

    Kubernetes does not begin to note owners at an object of which nothing was owned when it was made (a Namespace that
    is declared by its name alone), and anybody may clear what was noted. What is undeclared there and no default is an
    addition without owners.
    """
    declared = manifest.body
    if manifest.ref.group_kind == ("", "Secret"):
        declared = {**declared, "data": {**_map(declared.get("data")), **_map(declared.get("stringData"))}}
    walk = _Walk(manifest.ref, live, schemas, ours, custom)
    body = {name: value for name, value in live.items() if name not in _NOT_DECLARED_BY_ANYBODY}
    metadata = _map(body.get("metadata"))
    body["metadata"] = {name: value for name, value in metadata.items() if name not in _OF_THE_SERVER}
    walk.struct(declared, body, schemas.root(manifest.ref), (), Fields.of(live) or Fields.untold())
    return walk.found


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class _Walk:
    """One walk over a live object, collecting what it finds."""

    def __init__(self, ref: Ref, live: Body, schemas: Schemas, ours: str, custom: Custom) -> None:
        self._ref, self._live, self._schemas, self._ours, self._custom = ref, live, schemas, ours, custom
        self._is_builtin = kinds.builtin().of(ref) is not None
        self.found: list[Addition] = []

    def struct(self, declared: Any, live: Body, shape: Shape, path: paths.Path, fields: Fields) -> None:
        """A map, by its names; `declared` is ABSENT where nothing of it is declared."""
        for name, value in live.items():
            owned = fields.below(name)
            if not owned:
                continue
            said = declared.get(name) if isinstance(declared, dict) else None
            here, below = (*path, name), self._schemas.resolved(shape.below(name))
            is_free = shape.values is not None and name not in shape.fields
            # Null says nothing, and where nobody noted owners the server writes empty structs of its own out.
            is_open = is_free or shape.raw
            is_written_out = self._is_builtin and owned.is_untold and not is_open and value in ({}, [], "")
            if said is None and (
                value is None or is_written_out or self._is_default(here, value, shape, is_free=is_free)
            ):
                continue
            self._value(ABSENT if said is None else said, value, below, here, owned)

    def _value(self, declared: Any, live: Any, shape: Shape, path: paths.Path, fields: Fields) -> None:
        if isinstance(live, dict) and live and (declared is ABSENT or isinstance(declared, dict)):
            self.struct(declared, live, shape, path, fields)
        elif isinstance(live, list) and live and (declared is ABSENT or isinstance(declared, list)):
            self._list(declared, live, shape, path, fields)
        elif declared is ABSENT:
            self._add(path, live, fields)

    def _list(self, declared: Any, live: list[Any], shape: Shape, path: paths.Path, fields: Fields) -> None:
        items = self._schemas.resolved(shape.element)
        keys = shape.keys or fields.keys()
        said: Sequence[Any] = declared if isinstance(declared, list) else ()
        has_parts = fields.is_untold or not fields.is_whole
        if keys and has_parts and all(isinstance(item, dict) for item in (*live, *said)):
            self._keyed(said, live, keys, items, path, fields)
        elif shape.list_type is ListType.SET and has_parts:
            for item in live:
                owned = fields.below(paths.Member(item))
                if owned and item not in said:
                    self._add((*path, paths.Member(item)), item, owned)
        elif declared is ABSENT:
            self._add(path, live, fields)
        elif len(said) == len(live):
            # A list of another length is a change of a declared field.
            for position, (one, other) in enumerate(zip(said, live, strict=True)):
                step = paths.Index(position)
                self._value(one, other, items, (*path, step), fields.below(step))

    def _keyed(
        self,
        declared: Sequence[Body],
        live: Sequence[Body],
        keys: tuple[str, ...],
        items: Shape,
        path: paths.Path,
        fields: Fields,
    ) -> None:
        said = {_identity(item, keys, items): item for item in declared}
        owned = fields.elements()
        for item in live:
            identity = _identity(item, keys, items)
            here = (*path, paths.Keyed(tuple((name, _key(item, name, items)) for name in keys)))
            of = fields if fields.is_untold else owned.get(identity)
            if of and identity in said:
                self.struct({**dict.fromkeys(keys, ""), **said[identity]}, item, items, here, of)
            elif of:
                self._add(here, item, of)

    def _is_default(self, path: paths.Path, value: Any, shape: Shape, *, is_free: bool) -> bool:
        if shape.raw:
            # Into what it stores as it is sent, the server fills in nothing.
            return False
        if is_free:
            is_copied = defaults.is_copied(self._ref, path, value, self._live)
            return is_copied or self._custom.hold(self._ref, path, value)
        return defaults.hold(self._ref, path, value, self._live, self._custom)

    def _add(self, path: paths.Path, live: Any, fields: Fields) -> None:
        if any(path[: len(place)] == place for place in _FILLED_IN.get(self._ref.group_kind, ())):
            return
        # Inside of an atomic value that we applied stands what we declared, and what the server filled in.
        if not (fields.is_inside and any(_applied(entry, self._ours) for entry in fields.entries)):
            self.found.append(Addition(path, live, fields.entries))


def _applied(entry: Entry, ours: str) -> bool:
    return entry.manager == ours and entry.operation == "Apply"


def _identity(item: Body, keys: tuple[str, ...], items: Shape) -> str:
    return key_text({name: _key(item, name, items) for name in keys})


def _key(item: Body, name: str, items: Shape) -> Any:
    value = item.get(name)
    value = items.defaults.get(name) if value is None else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
