"""What to send to an object that lives already: the declaration without what a controller owns by now.

Server-side apply would answer such a field with a conflict. Only the fields of `controllers` are left out; a
conflict with anybody else must come to light.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rebuild.model.objects import Body, Manifest
from rebuild.verify import paths
from rebuild.verify.controllers import Case, Pattern, Setting, rows_for
from rebuild.verify.schema import Schemas
from rebuild.verify.shapes import ListType, Shape


def without_controller_owned(manifest: Manifest, live: Body, setting: Setting) -> Body:
    """The declared body without the fields that a controller owns; the declaration itself is not changed."""
    body, shape = manifest.body, setting.schemas.root(manifest.ref)
    for row in rows_for(manifest.ref):
        for pattern in row.patterns:
            for path in _matches(manifest.body, shape, pattern, setting.schemas):
                if row.holds(Case(manifest, live, path, setting)):
                    body = _without(body, path)
    return body


def _matches(value: Any, shape: Shape, pattern: Pattern, schemas: Schemas) -> Iterator[paths.Path]:
    """The paths in a declared value that fit a pattern."""
    if not pattern:
        yield ()
        return
    name, *rest = pattern
    shape = schemas.resolved(shape)
    steps: list[tuple[paths.Step, Any, Shape]] = []
    if isinstance(value, dict) and name in value:
        steps = [(name, value[name], shape.below(name))]
    elif isinstance(value, list) and name == "*":
        items = schemas.resolved(shape.element)
        steps = [(_step(item, position, shape, items), item, items) for position, item in enumerate(value)]
    for step, child, below in steps:
        yield from ((step, *path) for path in _matches(child, below, tuple(rest), schemas))


def _step(item: Any, position: int, shape: Shape, items: Shape) -> paths.Step:
    if shape.list_type is not ListType.MAP or not isinstance(item, dict):
        return paths.Index(position)
    return paths.Keyed(tuple((key, item.get(key, items.defaults.get(key))) for key in shape.keys))


def _without(value: Any, path: paths.Path) -> Any:
    """A copy without the field at a path; what lies off the path is shared with the original."""
    step, *rest = path
    if isinstance(value, dict):
        if not rest:
            return {name: child for name, child in value.items() if name != step}
        return {name: _without(child, tuple(rest)) if name == step else child for name, child in value.items()}
    chosen = paths.lookup(value, (step,))
    return [_without(item, tuple(rest)) if item is chosen else item for item in value]
