"""Events of every type for properties, made from the structs alone: a field or an event that is new is covered."""

from __future__ import annotations

from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from rebuild.model.events import Event

KINDS: tuple[type, ...] = get_args(Event)
_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(min_value=0, max_value=2**64 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=20),
}


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type."""
    if isinstance(kind, UnionType):
        return st.one_of(*map(of, get_args(kind)))
    if get_origin(kind) is tuple:
        return st.lists(of(get_args(kind)[0]), max_size=3).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return st.builds(kind, **{field.name: of(field.type) for field in fields(kind)})
    if kind not in _PLAIN and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _PLAIN[kind]


def any_event() -> st.SearchStrategy[Event]:
    """An event of any type."""
    return st.one_of(*map(of, KINDS))
