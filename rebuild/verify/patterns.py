"""Which fields a rule means: patterns over `paths`, written in our notation of paths or as JSON pointers (RFC 6901).

    spec.template.spec.containers[name=web].image    metadata.annotations["example.com/stamp"]
    webhooks[*].clientConfig.caBundle                /spec/replicas

A pattern means the field and all that lies below it. Only the notation and the matching live here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, assert_never

from msgspec import Struct

from rebuild.verify import paths

_STEP = re.compile(
    r"""\.?(?P<name>[A-Za-z0-9_*/-]+) | \[(?P<text>"(?:[^"\\]|\\.)*")\] | \[(?P<any>\*?)\] | \[=(?P<member>[^\]]*)\]
        | \[(?P<position>\d+)\] | \[(?P<keys>[^\]=,]+=[^\],]*(?:,[^\]=,]+=[^\],]*)*)\]""",
    re.VERBOSE,
)


_LONGEST_POSITION = 9
"""Digits: no list is longer, and Python does not read numbers of any length."""


class Field(Struct, frozen=True):
    """A field by its name; `*` in it stands for any text where it is a glob."""

    name: str
    glob: bool = False


class Element(Struct, frozen=True):
    """The elements of a list whose keys have these values, written as text; any element where none is named."""

    keys: tuple[tuple[str, str], ...] = ()


class Member(Struct, frozen=True):
    """An element of a set, by its own value as text."""

    value: str


class Token(Struct, frozen=True):
    """A step of a JSON pointer: a field, or, where it is a number, whatever stands at that position."""

    text: str


Step: TypeAlias = Field | Element | Member | Token
Pattern: TypeAlias = tuple[Step, ...]
WHOLE: Pattern = ()
"""The whole object."""


def parse(text: str) -> Pattern:
    """What a text means as a pattern.

    Raises:
        ValueError: when it is no path, or names no field at all; says where it goes wrong.
    """
    if text.startswith("/"):
        return tuple(Token(part.replace("~1", "/").replace("~0", "~")) for part in text[1:].split("/"))
    steps: list[Step] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if not found or (found["name"] and steps and text[position] != "."):
            raise ValueError(f"not a path from its character {position + 1} on: {text[position:]!r}")
        steps.append(_step(found))
        position = found.end()
    if not steps:
        raise ValueError("an empty path names no field")
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if name := found["name"]:
        return Field(name, glob="*" in name)
    if found["text"] is not None:
        return Field(json.loads(found["text"], strict=False))
    if found["member"] is not None:
        return Member(found["member"])
    if found["position"] is not None:
        return Token(found["position"])
    return Element(tuple((key, value) for key, _, value in (pair.partition("=") for pair in _pairs(found["keys"]))))


def _pairs(keys: str | None) -> list[str]:
    return keys.split(",") if keys else []


def covers(pattern: Pattern, path: paths.Path, bodies: Iterable[Any] = ()) -> bool:
    """Whether a path is what the pattern means, or lies below that.

    Args:
        pattern: what is meant.
        path: where a field stands.
        bodies: the object, declared and live: a position in a pattern finds an element with keys only in one of them.
    """
    if len(path) < len(pattern):
        return False
    around = list(bodies)
    for part, step in zip(pattern, path, strict=False):
        if not _fits(part, step, around):
            return False
        around = [paths.lookup(body, (step,)) for body in around]
    return True


def _fits(part: Step, step: paths.Step, around: list[Any]) -> bool:
    match part:
        case Field(name, glob):
            return isinstance(step, str) and (step == name or (glob and globbed(name, step)))
        case Element(keys):
            return not isinstance(step, str) and (not keys or any(_has(item, keys) for item in _items(step, around)))
        case Member(value):
            return isinstance(step, paths.Member) and _text(step.value) == value
        case Token(text):
            return _is_at(text, step, around)
    assert_never(part)


def _items(step: paths.Step, around: list[Any]) -> Iterator[Any]:
    """An element as its path and the bodies know it."""
    if isinstance(step, paths.Keyed):
        yield dict(step.keys)
    yield from (paths.lookup(body, (step,)) for body in around)


def _has(item: Any, keys: tuple[tuple[str, str], ...]) -> bool:
    return isinstance(item, dict) and all(name in item and _text(item[name]) == value for name, value in keys)


def _is_at(text: str, step: paths.Step, around: list[Any]) -> bool:
    if isinstance(step, str):
        return step == text
    if not text.isdecimal() or len(text) > _LONGEST_POSITION:
        return False
    position = int(text)
    if isinstance(step, paths.Index):
        return step.position == position
    lists = (body for body in around if isinstance(body, list) and position < len(body))
    return any(_same(body, step, position) for body in lists)


def _same(items: list[Any], step: paths.Step, position: int) -> bool:
    found = paths.lookup(items, (step,))
    return found is not None and (
        found is items[position] or (isinstance(step, paths.Member) and found == items[position])
    )


def globbed(pattern: str, text: str) -> bool:
    """Whether a text is as the pattern says, in which `*` stands for any text; takes time in proportion to the text."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or not text[len(first) :].endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        position = text.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
