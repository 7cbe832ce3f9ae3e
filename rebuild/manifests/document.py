"""What a text turns into before anybody asks what it means."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

DEEPEST = 200
"""How many levels a document may have: orjson writes 254, and libyaml's composer would overflow the stack of C."""

TOO_DEEP = "nested too deeply"


class Problem(Struct, frozen=True):
    """Why a document, or a part of it, cannot be taken as it stands. Never holds a value: it may be a Secret's."""

    line: int
    message: str
    fatal: bool = True


class Unreadable(Exception):
    """A document cannot be turned into a value."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


class Document(Struct, frozen=True):
    """One document: its first line with content (from 1), its value, and what is wrong with it.

    `item_lines` holds the lines of the entries of a top-level `items` list, so that the members of a Kubernetes
    List know where they stand.
    """

    line: int
    value: Any
    problems: tuple[Problem, ...] = ()
    item_lines: tuple[int, ...] = ()


def broken(line: int, message: str) -> Document:
    """A document of which nothing can be read."""
    return Document(line, None, (Problem(line, message),))


def repeated_keys(found: list[tuple[int, str]]) -> tuple[Problem, ...]:
    """A word on each key that was given twice, by line; on the first few where somebody gave thousands."""
    told = [Problem(line, f"key {clipped(key)} is given twice; the last one counts", False) for line, key in found[:20]]
    if more := found[20:]:
        told.append(Problem(more[0][0], f"{len(more)} more keys are given twice", fatal=False))
    return tuple(told)


def clipped(text: str) -> str:
    """A text in quotes, and not all of it where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
