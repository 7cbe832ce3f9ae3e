"""JSON read as JSON: libyaml takes most of it, but neither surrogate pairs nor one object right behind another.

kubectl tries JSON where a text begins with a brace, and falls back to YAML, whose flow mappings begin so too
(k8s.io/apimachinery/pkg/util/yaml, YAMLOrJSONDecoder). Knows nothing of YAML and nothing of Kubernetes but `items`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from rebuild.manifests.document import DEEPEST, Document, Problem
from rebuild.manifests.scalars import json_number

_SPACE = re.compile(r"[ \t\r\n]*")


class _Reading:
    """Decodes objects and remembers keys that were given twice, of which the last counts, as in Go."""

    def __init__(self) -> None:
        self.twice: list[str] = []
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=_number, parse_int=_number, parse_constant=_refuse
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                self.twice.append(key)
            result[key] = value
        return result


def documents(text: str, first_line: int) -> tuple[Document, ...] | None:
    """The JSON objects of a text, one behind the other; None when the text is something else.

    Args:
        text: Begins with a brace, after white space.
        first_line: The number of its first line.
    """
    found = []
    position = _skip(text, 0)
    try:
        while position < len(text):
            reading = _Reading()
            value, end = reading.decoder.raw_decode(text, position)
            if not isinstance(value, dict):
                return None
            line = first_line + text.count("\n", 0, position)
            problems = tuple(
                Problem(line, f"key {key!r} is given twice; the last one counts", fatal=False) for key in reading.twice
            )
            items = _items(text, position, reading.decoder) if isinstance(value.get("items"), list) else ()
            lines = tuple(first_line + text.count("\n", 0, start) for start in items)
            if reason := _unfit(text[position:end], value):
                found.append(Document(line, None, (Problem(line, reason),)))
            else:
                found.append(Document(line, value, problems, lines))
            position = _skip(text, end)
    except ValueError:
        return None
    return tuple(found)


def _items(text: str, position: int, decoder: json.JSONDecoder) -> Iterable[int]:
    """Where the entries of the top-level `items` begin; the text is known to be an object that has them."""
    starts: list[int] = []
    position = _skip(text, position + 1)
    while text[position] != "}":
        key, position = decoder.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        if key == "items" and text[position] == "[":
            starts = []
            position = _skip(text, position + 1)
            while text[position] != "]":
                starts.append(position)
                position = _after_value(text, position, decoder)
            position = _after_comma(text, position + 1)
        else:
            position = _after_value(text, position, decoder)
    return starts


def _after_value(text: str, position: int, decoder: json.JSONDecoder) -> int:
    return _after_comma(text, decoder.raw_decode(text, position)[1])


def _after_comma(text: str, position: int) -> int:
    position = _skip(text, position)
    return _skip(text, position + 1) if text[position] == "," else position


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _number(text: str) -> int | float:
    """Go reads what is no 64-bit integer as a float."""
    if len(text) <= 20 and not set(text) & set(".eE"):
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is out of range")
    return json_number(number)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _unfit(text: str, value: Any) -> str:
    """Why a value cannot be written as JSON again; empty if it can."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [child for node in level for child in _children(node)]
    if level:
        return "nested too deeply"
    if "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "holds half of a UTF-16 surrogate pair"
    return ""


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
