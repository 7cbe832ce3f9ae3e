"""One line of common YAML: its columns, its key and what stands behind. Knows no line but this one.

Takes what `compose` and `build` read in the same way whatever stands around it, and refuses the rest.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from math import isfinite
from sys import intern
from typing import Any, NamedTuple

from rebuild.manifests.scalars import Scalar, json_number, resolve

_MOST_REMEMBERED, _LONGEST_REMEMBERED = 1 << 15, 200
"""Lines of which it is remembered what they say, and their letters: many stand in one object after the other."""
_DEEPEST_FLOW = 20
_LONGEST_FLOW = 1000
"""Letters: libyaml wants the end of a key within 1024 of its beginning."""
_LINE = re.compile(
    r"""(\ *)(-\ +)?(?:([A-Za-z0-9_./$][A-Za-z0-9_./$-]{0,200}|"[^"\\]{0,200}"|'[^']{0,200}'):(?:\ +|$))?(.*)""",
    re.VERBOSE,
)
"""Indentation, dash, key, and what stands behind."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.$(+~^;")
"""How a plain scalar may begin, besides the letters beyond ASCII."""
_QUOTED = re.compile(r""""([^"\\]*)"(?:\ +\#.*)?|'((?:[^']|'')*)'(?:\ +\#.*)?""", re.VERBOSE)
_LITERAL = re.compile(r"\|([-+]?)(?: +#.*)?")
_FLOW_PLAIN = r"-?[A-Za-z0-9_./$](?:[A-Za-z0-9_./$@=()+-]|[: ](?=[A-Za-z0-9_./$(]))*"
_FLOW_KEY = re.compile(rf"""({_FLOW_PLAIN}|"[^"\\]*"|'[^']*'): +""")
_FLOW_SCALAR = re.compile(rf"""({_FLOW_PLAIN})|"([^"\\]*)"|'([^']*)'""")
_AFTER_FLOW = re.compile(r"(?: +#.*)?")


class Uncommon(Exception):
    """Somebody else has to read this."""


class Form(Enum):
    """What stands behind a key or a dash."""

    SCALAR = auto()
    NOTHING = auto()
    FLOW = auto()
    LITERAL = auto()


class Line(NamedTuple):
    """One line. A column is -1 where there is no dash, and where there is nothing but a comment."""

    dash: int
    column: int
    key: str | None
    form: Form
    value: Any


_COMMENT = Line(-1, -1, None, Form.NOTHING, None)


def said_by(text: str) -> Line:
    """What a line says; equal lines may give the same answer, which is not to be changed.

    Raises:
        Uncommon: more than this is needed to know it.
    """
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _said_by(text)


def copied(value: Any) -> Any:
    """A collection of its own for each place where a line stands: who reads a body may change it."""
    if value.__class__ is dict:
        return {key: copied(child) for key, child in value.items()}
    return [copied(child) for child in value] if value.__class__ is list else value


def _said_by(text: str) -> Line:
    """What one line says."""
    found = _LINE.match(text.rstrip(" "))
    assert found
    spaces, dashed, key, rest = found.groups()
    indent = len(spaces)
    if dashed is None:
        dash, column = -1, indent
        if key is None:
            if not rest or rest[0] == "#":
                return _COMMENT
            raise Uncommon
    else:
        dash, column = indent, indent + len(dashed)
    if key is not None:
        key = _key(key)
        if not rest or rest[0] == "#":
            return Line(dash, column, key, Form.NOTHING, None)
    if not rest:
        raise Uncommon
    first = rest[0]
    if first in _PLAIN or first > "\x7f" or (first in "-:" and rest[1:2] not in ("", " ")):
        return Line(dash, column, key, Form.SCALAR, _plain(rest))
    if first in "\"'":
        quoted = _QUOTED.fullmatch(rest)
        if not quoted:
            raise Uncommon
        double, single = quoted.groups()
        return Line(dash, column, key, Form.SCALAR, single.replace("''", "'") if double is None else double)
    if first in "{[" and len(rest) <= _LONGEST_FLOW:
        return Line(dash, column, key, Form.FLOW, _flow(rest))
    if header := _LITERAL.fullmatch(rest):
        return Line(dash, column, key, Form.LITERAL, header[1])
    raise Uncommon


_remembered = lru_cache(maxsize=_MOST_REMEMBERED)(_said_by)


def _key(text: str) -> str:
    if text[0] in "\"'":
        return text[1:-1]
    if isinstance(resolve(text), str):
        return intern(text)
    raise Uncommon


def _plain(text: str) -> Scalar:
    """The value of a plain scalar that fills the rest of its line, but for a comment."""
    comment = text.find(" #")
    if comment >= 0:
        text = text[:comment].rstrip(" ")
    if text[-1] == ":" or ": " in text:
        raise Uncommon
    return _value(text)


def _value(text: str) -> Scalar:
    value = resolve(text)
    if isinstance(value, str | bool) or value is None:
        return value
    if not isfinite(value):
        raise Uncommon
    return json_number(value)


def _flow(text: str) -> Any:
    """The value of a flow collection that begins and ends in one line."""
    value, end = _collection(text, 0, 0)
    if not _AFTER_FLOW.fullmatch(text, end):
        raise Uncommon
    return value


def _collection(text: str, place: int, depth: int) -> tuple[Any, int]:
    """The collection whose opening bracket or brace stands at a place, and the place behind it."""
    if depth > _DEEPEST_FLOW:
        raise Uncommon
    mapping: dict[str, Any] = {}
    items: list[Any] = []
    value: Any
    is_mapping = text[place] == "{"
    closing = "}" if is_mapping else "]"
    place = _behind_spaces(text, place + 1)
    if text.startswith(closing, place):
        return (mapping if is_mapping else items), place + 1
    while True:
        key = ""
        if is_mapping:
            found = _FLOW_KEY.match(text, place)
            if not found:
                raise Uncommon
            key, place = _key(found[1]), found.end()
            if key in mapping:
                raise Uncommon
        if text[place : place + 1] in ("{", "["):
            value, place = _collection(text, place, depth + 1)
        else:
            found = _FLOW_SCALAR.match(text, place)
            if not found:
                raise Uncommon
            plain, double, single = found.groups()
            quoted = single if double is None else double
            value, place = _value(plain) if quoted is None else quoted, found.end()
        if is_mapping:
            mapping[key] = value
        else:
            items.append(value)
        place = _behind_spaces(text, place)
        if text.startswith(closing, place):
            return (mapping if is_mapping else items), place + 1
        if not text.startswith(",", place):
            raise Uncommon
        place = _behind_spaces(text, place + 1)


def _behind_spaces(text: str, place: int) -> int:
    while text.startswith(" ", place):
        place += 1
    return place
