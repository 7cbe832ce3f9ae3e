"""JSON read as JSON: libyaml takes most of it, but neither surrogate pairs nor one object right behind another.

kubectl tries JSON where a file begins with a brace, and falls back to YAML, whose flow mappings begin so too
(k8s.io/apimachinery/pkg/util/yaml, YAMLOrJSONDecoder). Knows nothing of YAML and nothing of Kubernetes but `items`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from rebuild.manifests.document import DEEPEST, TOO_DEEP, Document, broken, repeated_keys
from rebuild.manifests.scalars import json_number

_SPACE = re.compile(r"[ \t\r\n]*")


class _Reading:
    """Decodes a value and remembers keys that were given twice, of which the last counts, as in Go."""

    def __init__(self) -> None:
        self.twice: list[str] = []
        self.out_of_range = False
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=self._number, parse_int=self._number, parse_constant=_refuse
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                self.twice.append(key)
            result[key] = value
        return result

    def _number(self, text: str) -> int | float:
        """Go reads what is no 64-bit integer as a float."""
        if len(text) <= 20 and not set(text) & set(".eE"):
            return json_number(int(text))
        number = float(text)
        if not math.isfinite(number):
            self.out_of_range = True
            return 0
        return json_number(number)


def documents(text: str) -> tuple[list[Document], int]:
    """The JSON values that a text begins with, one behind the other, and where they end.

    `null` is no document. What follows the last value may be white space, YAML, or nothing that can be read.
    """
    found: list[Document] = []
    end, line = 0, 1
    while (position := _skip(text, end)) < len(text):
        reading = _Reading()
        try:
            value, behind = reading.decoder.raw_decode(text, position)
        except ValueError:
            break
        except RecursionError:
            found.append(broken(line + text.count("\n", end, position), TOO_DEEP))
            return found, len(text)
        line += text.count("\n", end, position)
        if reason := "a number is out of range" if reading.out_of_range else _unfit(text[position:behind], value):
            found.append(broken(line, reason))
        elif value is not None:
            lines = tuple(_lines(text, position, line, value))
            found.append(Document(line, value, repeated_keys([(line, key) for key in reading.twice]), lines))
        line += text.count("\n", position, behind)
        end = behind
    return found, end


def _lines(text: str, position: int, line: int, value: Any) -> Iterator[int]:
    """The lines of the entries of the top-level `items` of the value that begins here."""
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        for start in _items(text, position):
            line += text.count("\n", position, start)
            position = start
            yield line


def _items(text: str, position: int) -> Iterable[int]:
    """Where the entries of the top-level `items` begin; the text is known to be an object that has them."""
    decoder = _Reading().decoder
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


def _refuse(_constant: str) -> Any:
    raise ValueError("infinity and NaN are not JSON")


def _unfit(text: str, value: Any) -> str:
    """Why a value cannot be written as JSON again; empty if it can."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [child for node in level for child in _children(node)]
    if level:
        return TOO_DEEP
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
