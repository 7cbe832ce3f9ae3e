"""What a text turns into before anybody asks what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DEEPEST = 200
"""How many levels a document may have: orjson writes 254, and libyaml's composer would overflow the stack of C."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document, or a part of it, cannot be taken as it stands."""

    line: int
    message: str
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its first line with content (from 1), its value, and what is wrong with it.

    `item_lines` holds the lines of the entries of a top-level `items` list, so that the members of a Kubernetes
    List know where they stand.
    """

    line: int
    value: Any
    problems: tuple[Problem, ...] = ()
    item_lines: tuple[int, ...] = ()
