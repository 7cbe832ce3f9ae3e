"""Where a field stands inside an object, in the terms of server-side apply: names, keys, members, positions.

Only the notation lives here. What a list is keyed by is for `schema` to say.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias, assert_never

from msgspec import Struct

_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class Keyed(Struct, frozen=True):
    """An element of a list of type `map`, found by the values of its key fields."""

    keys: tuple[tuple[str, Any], ...]


class Member(Struct, frozen=True):
    """An element of a list of type `set`, found by its own value."""

    value: Any


class Index(Struct, frozen=True):
    """An element of an atomic list, found by its position."""

    position: int


Step: TypeAlias = str | Keyed | Member | Index
Path: TypeAlias = tuple[Step, ...]


def render(path: Path) -> str:
    """A path for people: `spec.ports[port=80,protocol=TCP].targetPort`, `metadata.labels["a.b/c"]`."""
    return "".join(_rendered(step) for step in path).removeprefix(".")


def names(path: Path) -> tuple[str, ...]:
    """The path with every list step as its text: what a rule about field names needs."""
    return tuple(step if isinstance(step, str) else _rendered(step) for step in path)


def _rendered(step: Step) -> str:
    match step:
        case str():
            return f".{step}" if _PLAIN.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"
        case Keyed(keys):
            return "[" + ",".join(f"{name}={_value(value)}" for name, value in keys) + "]"
        case Member(value):
            return f"[={_value(value)}]"
        case Index(position):
            return f"[{position}]"
    assert_never(step)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def lookup(body: Any, path: Path) -> Any:
    """The value at a path of a declared or live object, None where there is none.

    A list key that the object leaves to the server's default matches any value of that key.
    """
    for step in path:
        body = _below(body, step)
    return body


def _below(value: Any, step: Step) -> Any:
    match step:
        case str():
            return value.get(step) if isinstance(value, dict) else None
        case Keyed(keys):
            items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
            return next((item for item in items if all(item.get(n) in (v, None) for n, v in keys)), None)
        case Member(member):
            return member if isinstance(value, list) and member in value else None
        case Index(position):
            return value[position] if isinstance(value, list) and position < len(value) else None
    assert_never(step)
