"""A value that its field does not take: a number where text is asked for, a list where a mapping is.

Server-side apply and the decoder behind it convert nothing, so `value: 1` of a variable is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rebuild.lint.problems import Problem, Subject
from rebuild.lint.types import Form
from rebuild.lint.walk import Departure, Kind
from rebuild.verify import paths

_WANTED = {
    Form.STRING: "text",
    Form.BYTES: "base64",
    Form.INTEGER: "an integer",
    Form.NUMBER: "a number",
    Form.BOOLEAN: "true or false",
    Form.INT_OR_STRING: "an integer or text",
    Form.QUANTITY: "a quantity such as 500m or 1Gi",
    Form.LIST: "a list",
    Form.MAP: "a mapping",
    Form.STRUCT: "a mapping",
}
_LONGEST = 60


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each value; those of a Secret are not shown."""
    secret = subject.manifest.ref.group_kind == ("", "Secret")
    for found in subject.departures:
        if found.kind is Kind.WRONG:
            shown = _sort(found.value) if secret else f"{_sort(found.value)}{_shown(found.value)}"
            message = f"{paths.render(found.path) or 'the object'} is {shown}; it takes {_WANTED[found.wanted]}"
            yield Problem("wrong-type", message, next_step=_step(found))


def _step(found: Departure) -> str:
    if found.wanted is Form.STRING and isinstance(found.value, bool | int | float):
        return "put it in quotes"
    if found.wanted in (Form.INTEGER, Form.NUMBER, Form.BOOLEAN) and isinstance(found.value, str):
        return "write it without quotes"
    return f"write {_WANTED[found.wanted]}"


def _sort(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return f" ({text if len(text) <= _LONGEST else text[:_LONGEST] + '…'})"
