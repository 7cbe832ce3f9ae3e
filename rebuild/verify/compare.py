"""Does a live object say what was declared? Each declared field must keep its meaning; the rest is free.

The API server adds defaults, writes values in its own form and lets others own fields, so a textual diff of
a healthy object is never empty. Lists are matched as server-side apply matches them (KEP-555). What a
controller may change is not decided here: every deviation is found, `controllers` judges it.

A declared null says nothing. An empty or zero field of a built-in struct may be absent where Go's `omitempty`
drops it; where the server keeps one (behind a pointer, and anywhere in a custom resource) its absence is a change.
In maps with free keys each key is content, so there an empty value must be present.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from rebuild.model import redaction
from rebuild.model.findings import Difference
from rebuild.model.objects import Body, Manifest
from rebuild.model.refs import Ref
from rebuild.verify import managers, paths, values
from rebuild.verify.schema import Schemas
from rebuild.verify.shapes import ListType, Order, Shape


class _Absent:
    """The type of `ABSENT`, so that JSON null stays a value of its own."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""Stands for a value that is not there at all."""


_PLAIN = frozenset({str, int, bool})


class Deviation(Struct, frozen=True):
    """A place where declared and live part, with both values as they are: not yet fit to be shown."""

    path: paths.Path
    declared: Any
    live: Any


def described(ref: Ref, found: Deviation, live: Body, key: bytes) -> Difference:
    """A deviation as it may be shown, with the managers that own the field; digests by this key stand for the values of
    Secrets."""
    names = paths.names(found.path)
    declared, current = (
        redaction.ABSENT if value is ABSENT else redaction.shown(ref, names, value, key)
        for value in (found.declared, found.live)
    )
    return Difference(ref, paths.render(found.path), declared, current, manager=managers.manager_of(live, found.path))


def deviations(manifest: Manifest, live: Body, schemas: Schemas) -> list[Deviation]:
    """Every declared field whose live value does not mean the same, in the order of declaration. Values of Secrets are
    among them, as they are.

    Args:
        manifest: The declaration.
        live: The same object as the API server returns it, read in the declared version.
        schemas: The shapes, extended with the definitions of declared custom resources.
    """
    declared = manifest.body
    if manifest.ref.group_kind == ("", "Secret"):
        declared, live = _with_string_data(declared), _with_string_data(live)
    comparison = _Comparison(schemas, is_stored_as_sent=schemas.is_stored_as_sent(manifest.ref))
    shape = schemas.root(manifest.ref)
    comparison.struct(_without_type(declared, live), live, shape, ())
    return comparison.found


def is_same(declared: Any, live: Any, ref: Ref, path: paths.Path, schemas: Schemas) -> bool:
    """Whether a declared value at a path of an object means the same as another one there."""
    comparison = _Comparison(schemas, is_stored_as_sent=schemas.is_stored_as_sent(ref))
    comparison.value(declared, live, schemas.at(ref, path), path)
    return not comparison.found


def _without_type(declared: Body, live: Body) -> Body:
    """Items of a list carry no type, and the version is how an object is read, not what it is."""
    aside = {name for name in ("apiVersion", "kind") if name not in live}
    if _group(declared.get("apiVersion")) == _group(live.get("apiVersion")):
        aside.add("apiVersion")
    return {name: value for name, value in declared.items() if name not in aside}


def _group(api_version: Any) -> Any:
    return api_version.rpartition("/")[0] if isinstance(api_version, str) else api_version


def _with_string_data(body: Body) -> Body:
    """What the API server stores of a Secret: `stringData` encoded into `data`, where it wins."""
    text, data = body.get("stringData"), body.get("data")
    if not isinstance(text, Mapping) or not (data is None or isinstance(data, Mapping)):
        return body
    encoded = {name: _encoded(value) for name, value in text.items() if value is not None}
    kept = {name: value for name, value in body.items() if name != "stringData"}
    return {**kept, "data": {**(data or {}), **encoded}}


def _encoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return base64.b64encode(value.encode(errors="surrogatepass")).decode()


class _Comparison:
    """One walk over a declared and a live value, collecting what it finds."""

    def __init__(self, schemas: Schemas, *, is_stored_as_sent: bool) -> None:
        self._schemas = schemas
        self._is_stored_as_sent = is_stored_as_sent
        self.found: list[Deviation] = []

    def value(self, declared: Any, live: Any, shape: Shape, path: paths.Path, *, kept: bool = False) -> None:
        """Compare two values of any type; `kept` says that the server would have kept even an empty one."""
        kind = declared.__class__
        if declared is None or (kind in _PLAIN and kind is live.__class__ and declared == live):
            # Most fields of most objects end here, and need no shape.
            return
        shape = self._schemas.resolved(shape)
        if live is ABSENT or live is None:
            if declared and isinstance(declared, dict) and shape.values is not None:
                # Each free key is missed on its own, since each may have an owner of its own.
                self.struct(declared, {}, shape, path)
            elif kept or not self._may_be_absent(declared, shape):
                self._differ(declared, live, path)
        elif isinstance(declared, dict) and isinstance(live, dict):
            self.struct(declared, live, shape, path)
        elif isinstance(declared, list) and isinstance(live, list):
            self._lists(declared, live, shape, path)
        elif not values.same(declared, live, shape.scalar):
            self._differ(declared, live, path)

    def struct(self, declared: Body, live: Body, shape: Shape, path: paths.Path) -> None:
        """Compare two maps by the names that are declared, and, in a selector, by those that are not."""
        for name, value in declared.items():
            here = (*path, name)
            free = shape.values is not None and name not in shape.fields
            as_sent = shape.raw or (self._is_stored_as_sent and here[0] != "metadata")
            kept = free or as_sent or name in shape.kept
            self.value(value, live.get(name, ABSENT), shape.below(name), here, kept=kept)
        if shape.exact:
            for name, value in live.items():
                free = shape.values is not None and value is not None
                if name not in declared and (free or not self._may_be_absent(value, shape.below(name))):
                    self._differ(ABSENT, value, (*path, name))

    def _lists(self, declared: list[Any], live: list[Any], shape: Shape, path: paths.Path) -> None:
        items = self._schemas.resolved(shape.element)
        if shape.list_type is ListType.MAP and shape.keys and _all_maps(declared) and _all_maps(live):
            self._keyed(declared, live, shape, items, path)
        elif shape.list_type is ListType.SET:
            for item in declared:
                if not any(values.same(item, other, items.scalar) for other in live):
                    self._differ(item, ABSENT, (*path, paths.Member(item)))
        elif len(declared) != len(live):
            self._differ(declared, live, path)
        else:
            for position, (item, other) in enumerate(zip(declared, live, strict=True)):
                self.value(item, other, items, (*path, paths.Index(position)))

    def _keyed(self, declared: list[Body], live: list[Body], shape: Shape, items: Shape, path: paths.Path) -> None:
        """Elements with the same keys are the same element; repeated ones (a defect) pair in order."""
        keys = shape.keys
        waiting: dict[str, list[tuple[int, Body]]] = {}
        for position, item in enumerate(live):
            waiting.setdefault(_identity(item, keys, items), []).append((position, item))
        order: list[tuple[int, Body]] = []
        for item in declared:
            same = waiting.get(_identity(item, keys, items))
            here = (*path, paths.Keyed(tuple((name, _key_value(item, name, items)) for name in keys)))
            if same:
                position, other = same.pop(0)
                order.append((position, item))
                # A key that the server filled in has been compared by finding the element.
                self.struct({n: v for n, v in item.items() if n not in keys}, other, items, here)
            else:
                self._differ(item, ABSENT, here)
        if shape.order and _order_counts(shape.order, declared) and order != sorted(order, key=_position):
            as_live = [_key_value(item, keys[0], items) for _, item in sorted(order, key=_position)]
            self._differ([_key_value(item, keys[0], items) for _, item in order], as_live, path)

    def _may_be_absent(self, declared: Any, shape: Shape) -> bool:
        """Whether the API server may drop the field: zero values, and structs of nothing else.

        An empty selector is not nothing (it selects everything), and a free key is content even when empty.
        """
        shape = self._schemas.resolved(shape)
        if not isinstance(declared, dict):
            return declared is None or declared is False or declared in ("", 0, [])
        if shape.exact and shape.values is None:
            return False
        if shape.values is not None:
            return all(value is None for value in declared.values())
        return not shape.raw and all(
            value is None or (name not in shape.kept and self._may_be_absent(value, shape.below(name)))
            for name, value in declared.items()
        )

    def _differ(self, declared: Any, live: Any, path: paths.Path) -> None:
        self.found.append(Deviation(path, declared, live))


def _order_counts(order: Order, declared: list[Body]) -> bool:
    return order is Order.ALWAYS or any("$(" in str(item.get("value")) for item in declared)


def _position(placed: tuple[int, Body]) -> int:
    return placed[0]


def _all_maps(items: Iterable[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _key_value(item: Body, name: str, items: Shape) -> Any:
    value = item.get(name)
    return items.defaults.get(name) if value is None else value


def _identity(item: Body, keys: tuple[str, ...], items: Shape) -> str:
    return repr([_canonical(_key_value(item, name, items)) for name in keys])


def _canonical(value: Any) -> Any:
    """One form for numbers that are equal, so that a key `80.0` finds the element `80`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
