"""Where an object leaves its type, found in one walk for all rules that ask.

Says nothing of a null: the API server takes it for a field that is not there nearly everywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rebuild.lint.table import Table
from rebuild.lint.types import Form, Type
from rebuild.verify.paths import Index, Path


class Kind(StrEnum):
    """In which way an object leaves its type."""

    UNKNOWN = "unknown"
    """The last step of the path is no field of its struct."""
    WRONG = "wrong"
    """The value is not what its place takes."""
    MISSING = "missing"
    """The last step of the path is a field that has to be there."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One place. `wanted` is what may stand there, and `known` the fields of the struct that lacks this one."""

    kind: Kind
    path: Path
    value: Any = None
    wanted: Form = Form.ANY
    known: tuple[str, ...] = ()


def departures(body: Any, root: Type, table: Table) -> Iterator[Departure]:
    """Every place at which an object leaves its type, in the object's own order."""
    return _walk(body, root, (), False, table)


def _walk(value: Any, place: Type, path: Path, open_: bool, table: Table) -> Iterator[Departure]:
    place = table.resolved(place)
    if value is None or place.form is Form.ANY:
        return
    if not _FITS[place.form](value):
        yield Departure(Kind.WRONG, path, value, place.form)
    elif place.form is Form.STRUCT:
        yield from _fields(value, place, path, open_ or place.open, table)
    elif place.inner is not None:
        steps = value.items() if isinstance(value, dict) else ((Index(n), item) for n, item in enumerate(value))
        for step, item in steps:
            yield from _walk(item, place.inner, (*path, step), open_, table)


def _fields(value: Mapping[str, Any], place: Type, path: Path, open_: bool, table: Table) -> Iterator[Departure]:
    for name, child in value.items():
        below = place.fields.get(name)
        if below is not None:
            yield from _walk(child, below, (*path, name), open_, table)
        elif not open_:
            yield Departure(Kind.UNKNOWN, (*path, name), known=tuple(place.fields))
    for name in place.required:
        if name not in value:
            yield Departure(Kind.MISSING, (*path, name))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    """`1.0` is an integer to Kubernetes' JSON decoder."""
    return _is_number(value) and value == value // 1


def _is_bytes(value: Any) -> bool:
    """Go's base64.StdEncoding: padded, and line ends are passed over."""
    if not isinstance(value, str):
        return False
    try:
        base64.b64decode(value.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


# ParseQuantity of apimachinery's resource package: what it takes, `.` included.
_QUANTITY = re.compile(r"[+-]?(?=[0-9.])[0-9]*\.?[0-9]*(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?", re.ASCII)


def _is_quantity(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and _QUANTITY.fullmatch(value.strip()) is not None)


_FITS: Mapping[Form, Callable[[Any], bool]] = {
    Form.STRING: lambda value: isinstance(value, str),
    Form.BYTES: _is_bytes,
    Form.INTEGER: _is_integer,
    Form.NUMBER: _is_number,
    Form.BOOLEAN: lambda value: isinstance(value, bool),
    Form.INT_OR_STRING: lambda value: isinstance(value, str) or _is_integer(value),
    Form.QUANTITY: _is_quantity,
    Form.LIST: lambda value: isinstance(value, list),
    Form.MAP: lambda value: isinstance(value, dict),
    Form.STRUCT: lambda value: isinstance(value, dict),
}
