"""The YAML that most manifests are written in, read line by line: a quarter of the work of libyaml's nodes.

Takes block mappings and sequences of one-line scalars, short flow collections and literal text. Anything else (anchors,
tags, escapes, folded text, a key given twice, whatever is wrong) is none of its business: the caller asks `compose` and
`build`, which decide what a text means. Must never read what they read otherwise, nor take what they refuse.
"""

from __future__ import annotations

import re
from typing import Any

from rebuild.manifests.document import Document
from rebuild.manifests.oneline import Form, Uncommon, copied, said_by

_DEEPEST = 60
_UNCOMMON = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Tabs, other line ends, and what YAML calls not printable."""


def document(text: str, first_line: int) -> Document | None:
    """The document of a text, or None where it takes more than this to know what it says.

    Args:
        text: ends with a line feed.
        first_line: its number in the file.
    """
    if _UNCOMMON.search(text):
        return None
    try:
        root, line = _read(text[:-1].split("\n"))
    except Uncommon:
        return None
    return Document(first_line + line, root)


def _read(lines: list[str]) -> tuple[Any, int]:
    """The value of a text that has one, and the place of the first of its lines that says something."""
    # One function, and names that are near: a call for each line would cost as much as all of this.
    scalar, nothing = Form.SCALAR, Form.NOTHING
    root: dict[str, Any] = {}
    here: Any = root
    key: str | None = ""
    """The key whose value is still to come; that of the root nobody wrote."""
    column = -1
    above: list[tuple[int, Any]] = []
    begin = 0
    number = 1 if lines[0].startswith("--- ") or lines[0] == "---" else 0
    while number < len(lines):
        text = lines[number]
        number += 1
        dash, inner, name, form, value = said_by(text)
        if inner < 0:
            continue
        start = inner if dash < 0 else dash
        while start < column:
            column, here = above.pop()
            key = None
        if start > column or (dash >= 0 and here.__class__ is dict):
            if key is None or len(above) > _DEEPEST:
                raise Uncommon
            if column < 0:
                begin = number - 1
            above.append((column, here))
            below: Any = [] if dash >= 0 else {}
            here[key] = below
            here, column = below, start
        elif dash < 0 and here.__class__ is list:
            # A sequence may stand in the column of its key, and ends where the mapping goes on.
            column, here = above.pop()
            if start != column:
                raise Uncommon
        if form is not scalar and form is not nothing:
            if form is Form.FLOW:
                value = copied(value)
            else:
                value, number = _literal(lines, number, start if name is None else inner, value)
        key = None
        if name is None:
            here.append(value)
            continue
        if dash >= 0:
            above.append((column, here))
            entry: dict[str, Any] = {}
            here.append(entry)
            here, column = entry, inner
        if name in here:
            raise Uncommon
        here[name] = value
        if form is nothing:
            key = name
    value = root.get("")
    if value is None or (value.__class__ is dict and value.get("items").__class__ is list):
        # Nothing at all; or a list, of whose items each has a line of its own.
        raise Uncommon
    return value, begin


def _literal(lines: list[str], number: int, around: int, chomping: str) -> tuple[str, int]:
    """The text below its header, and the number of the line behind it.

    Args:
        around: the column of the collection that holds it, beyond which the text is indented.
    """
    begin = number
    while number < len(lines) and not lines[number].strip(" "):
        number += 1
    first = lines[number] if number < len(lines) else ""
    indent = len(first) - len(first.lstrip(" "))
    if indent <= around or any(len(blank) > indent for blank in lines[begin:number]):
        raise Uncommon
    margin = " " * indent
    found = [""] * (number - begin)
    last = number
    while number < len(lines):
        line = lines[number]
        if line.startswith(margin):
            found.append(line[indent:])
        elif line.strip(" "):
            break
        else:
            found.append("")
        number += 1
        if found[-1]:
            last = number
    if chomping == "+":
        return "\n".join((*found, "")), number
    text = "\n".join(found[: last - begin])
    return text if chomping else text + "\n", number
