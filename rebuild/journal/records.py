"""Events as JSON lines and back again: one codec for the journal and for everybody who reads it. Pure.

Nothing is lost on the way: what is decoded equals what was encoded, down to the last digit. The one exception are bytes
of a name that are no UTF-8, which JSON cannot hold: they come back as question marks.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import orjson
from msgspec import Struct, structs
from msgspec.structs import FieldInfo

from rebuild.model.events import Event
from rebuild.model.refs import Ref
from rebuild.system import encoding

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class NotUnderstood(ValueError):
    """A record of an event that this version does not know, or knows with other fields."""


class Record(Struct, frozen=True):
    """One line: its number from 0 on, the digest of the line before it (none before the first), and what happened."""

    number: int
    previous: str
    event: Event


def encode(event: Event, *, number: int, previous: str) -> bytes:
    """One line of a journal, chained to the line before it by that line's digest."""
    kind: Any = type(event)
    record = {"n": number, "prev": previous, "type": _type_of(kind), "data": event}
    return encoding.as_json(record, default=_plain, option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any) -> Any:
    """What JSON has for a value that it does not know itself: text for a ref, a mapping for another struct.

    Raises:
        TypeError: when it is neither.
    """
    kind: Any = type(value)
    if kind is Ref:
        return str(value)
    names = _names(kind)
    if not names:
        raise TypeError(f"no event holds {kind.__name__}")
    return {name: getattr(value, name) for name in names}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a struct; none of anything else."""
    return getattr(kind, "__struct_fields__", ())


def decode(line: bytes) -> Record:
    """What `encode` made a line of.

    Raises:
        NotUnderstood: when it is a record, but no event that this version could have written.
        ValueError: when it is no record at all.
    """
    record = orjson.loads(line)
    if not isinstance(record, dict) or record.keys() != {"n", "prev", "type", "data"}:
        raise ValueError("not a record with n, prev, type and data")
    number, previous, name = _decoded(int, record["n"]), _decoded(str, record["prev"]), _decoded(str, record["type"])
    kind = _kinds().get(name)
    if kind is None:
        raise NotUnderstood(f"no event has the type {_shown(name)}")
    try:
        return Record(number, previous, _decoded(kind, record["data"]))
    except ValueError as error:
        raise NotUnderstood(str(error)) from error


@cache
def _type_of(kind: Any) -> str:
    return _WORD.sub("-", kind.__name__).lower()


@cache
def _kinds() -> dict[str, type]:
    return {_type_of(kind): kind for kind in get_args(Event)}


def _decoded(kind: Any, value: Any) -> Any:
    """A value of an annotated type from what `plain` made of it."""
    if isinstance(kind, UnionType):
        (only,) = (each for each in get_args(kind) if each is not NoneType)
        return None if value is None else _decoded(only, value)
    if get_origin(kind) is tuple:
        item, _ = get_args(kind)
        return tuple(_decoded(item, each) for each in _decoded(list, value))
    if kind is Ref:
        return Ref.parse(_decoded(str, value))
    if issubclass(kind, Struct):
        return _made(kind, _decoded(dict, value))
    if issubclass(kind, Enum):
        return kind(value)
    # In JSON a whole number may stand for a float; to Python a bool is an int.
    if type(value) is kind or (kind is float and type(value) is int):
        return kind(value)
    raise ValueError(f"{_shown(value)} is not of the type {kind.__name__}")


def _made(kind: Any, values: dict[str, Any]) -> Any:
    known = _fields(kind)
    if unknown := values.keys() - known.keys():
        raise ValueError(f"{kind.__name__} has no field {min(unknown)!r}")
    # What has a default may be missing, as in journals of before it.
    if missing := {name for name, field in known.items() if field.required} - values.keys():
        raise ValueError(f"{kind.__name__} lacks its field {min(missing)!r}")
    return kind(**{name: _decoded(known[name].type, value) for name, value in values.items()})


@cache
def _fields(kind: Any) -> dict[str, FieldInfo]:
    """The fields of a struct, with their types."""
    return {field.name: field for field in structs.fields(kind)}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
