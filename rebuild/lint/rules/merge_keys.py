"""Two elements of one list under the same key: server-side apply cannot tell them apart and answers 500.

That is so for lists of type `map` (containers, variables, ports, volumes) and `set` (finalizers); a null among
them has no key and is refused likewise (structured-merge-diff, typed/validate.go). kubectl's client-side apply
takes such lists, so they stand in many repositories.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rebuild.lint.problems import Problem, Subject
from rebuild.model.objects import Body
from rebuild.verify import paths
from rebuild.verify.paths import Index, Path
from rebuild.verify.schema import Schemas
from rebuild.verify.shapes import BLANK, ListType, Shape


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each element whose key was taken before."""
    schemas = subject.schemas
    return _walk(subject.manifest.body, schemas.root(subject.manifest.ref), (), schemas)


def _walk(value: Any, shape: Shape, path: Path, schemas: Schemas) -> Iterator[Problem]:
    shape = schemas.resolved(shape)
    if shape is BLANK:
        return
    if isinstance(value, dict):
        for name, child in value.items():
            if isinstance(child, dict | list):
                yield from _walk(child, shape.below(name), (*path, name), schemas)
    elif isinstance(value, list):
        items = schemas.resolved(shape.items or BLANK)
        if shape.list_type is not ListType.ATOMIC and not _are_plainly_distinct(value, shape):
            yield from _doubles(value, shape, items, path)
        for position, child in enumerate(value):
            if isinstance(child, dict | list):
                yield from _walk(child, items, (*path, Index(position)), schemas)


def _are_plainly_distinct(values: list[Any], shape: Shape) -> bool:
    """Whether one key field, or the value itself, tells all elements apart: so it is in nearly all lists."""
    if shape.list_type is ListType.SET:
        told = values
    elif shape.keys and all(value.__class__ is dict for value in values):
        told = [value.get(shape.keys[0]) for value in values]
    else:
        return False
    return all(each.__class__ in (str, int) for each in told) and len(set(told)) == len(told)


def _doubles(values: list[Any], shape: Shape, items: Shape, path: Path) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, value in enumerate(values):
        if value is None:
            here = paths.render((*path, Index(position)))
            yield Problem("null-element", f"{here} is null in a list whose elements have keys", next_step="take it out")
            continue
        key = _key(value, shape, items.defaults)
        first = seen.setdefault(key, position)
        if key and first != position:
            here = paths.render((*path, Index(position)))
            message = f"{here} has the same key as element {first}: {key}"
            yield Problem("duplicate-merge-key", message, next_step="keep one of the two")


def _key(value: Any, shape: Shape, defaults: Mapping[str, Any]) -> str:
    """The key as people read it, nothing where the element has not the form that has one."""
    if shape.list_type is ListType.SET:
        return "" if isinstance(value, dict | list) else _text(value)
    if not isinstance(value, dict):
        return ""
    return ", ".join(f"{name}={_text(found)}" for name, found in _pairs(value, shape, defaults))


def _pairs(value: Body, shape: Shape, defaults: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in shape.keys:
        if name in value or name in defaults:
            yield name, value.get(name, defaults.get(name))


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, ensure_ascii=False)
