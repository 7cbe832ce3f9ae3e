"""Where an object leaves its type, found in one walk for all rules that ask.

Says nothing of a null: the API server takes it for a field that is not there nearly everywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from rebuild.lint.table import Table
from rebuild.lint.types import Form, Type
from rebuild.verify.paths import Index, Path, Step


class Kind(StrEnum):
    """In which way an object leaves its type."""

    UNKNOWN = "unknown"
    """The last step of the path is no field of its struct."""
    WRONG = "wrong"
    """The value is not what its place takes."""
    MISSING = "missing"
    """The last step of the path is a field that has to be there."""


class Departure(Struct, frozen=True):
    """One place. `wanted` is what may stand there, and `known` the fields of the struct that lacks this one."""

    kind: Kind
    path: Path
    value: Any = None
    wanted: Form = Form.ANY
    known: tuple[str, ...] = ()


def departures(body: Any, root: Type, table: Table) -> tuple[Departure, ...]:
    """Every place at which an object leaves its type, in the object's own order."""
    walk = _Walk(table)
    walk.enter(body, root, open_=False)
    return tuple(walk.found)


class _Walk:
    """Where the walk stands, and what it has found. Nearly all values are text where text belongs: these cost least."""

    __slots__ = ("_path", "_table", "found")

    def __init__(self, table: Table) -> None:
        self._table = table
        self._path: list[Step] = []
        self.found: list[Departure] = []

    def enter(self, value: Any, place: Type, *, open_: bool) -> None:
        """Look at the value of a place and at all below it."""
        if place.form is Form.NAMED:
            place = self._table.resolved(place)
        if value is None or place.form is Form.ANY:
            return
        if not _FITS[place.form](value):
            self.found.append(Departure(Kind.WRONG, tuple(self._path), value, place.form))
        elif place.form is Form.STRUCT:
            self._fields(value, place, open_ or place.open)
        elif place.inner is not None:
            steps = value.items() if isinstance(value, dict) else ((Index(n), item) for n, item in enumerate(value))
            is_text = place.inner.form is Form.STRING
            for step, item in steps:
                if not (is_text and item.__class__ is str):
                    self._below(step, item, place.inner, open_)

    def _fields(self, value: Mapping[str, Any], place: Type, open_: bool) -> None:
        for name, child in value.items():
            below = place.fields.get(name)
            if below is not None:
                if not (below.form is Form.STRING and child.__class__ is str):
                    self._below(name, child, below, open_)
            elif not open_:
                self.found.append(Departure(Kind.UNKNOWN, (*self._path, name), known=tuple(place.fields)))
        for name in place.required:
            if name not in value:
                self.found.append(Departure(Kind.MISSING, (*self._path, name)))

    def _below(self, step: Step, value: Any, place: Type, open_: bool) -> None:
        self._path.append(step)
        self.enter(value, place, open_=open_)
        self._path.pop()


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
