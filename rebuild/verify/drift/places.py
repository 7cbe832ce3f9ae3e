"""Which lines of a file declare a field, as far as its text tells: names and keys are followed, values compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rebuild.manifests.located import Located
from rebuild.verify import paths


def find(whole: Located, path: paths.Path) -> Located | None:
    """The place of a field in its document, or None where it does not stand there."""
    here: Located | None = whole
    for depth, step in enumerate(path):
        if here is None:
            return None
        if depth == 0 and step == "data" and "stringData" in here.fields:
            # What a Secret says in `stringData` is stored in `data`, and wins there.
            found = _below(here.fields["stringData"], path[1]) if len(path) > 1 else None
            if found is not None:
                return found
        here = _below(here, step)
    return here


def _below(here: Located, step: paths.Step) -> Located | None:
    match step:
        case str():
            return here.fields.get(step)
        case paths.Keyed(keys):
            return _element(here.items, keys)
        case paths.Member(value):
            return next((item for item in here.items if item.text == _text(value)), None)
        case paths.Index(position):
            return here.items[position] if position < len(here.items) else None
    assert_never(step)


def _element(items: Sequence[Located], keys: tuple[tuple[str, object], ...]) -> Located | None:
    """The element with these keys; one that it leaves to the server's default matches any value."""
    for item in items:
        told = {name: item.fields[name].text for name, _ in keys if name in item.fields}
        if told and all(told.get(name, _text(value)) == _text(value) for name, value in keys):
            return item
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
