"""Events as JSON: one encoding for the journal and for anybody who reads it. Pure."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from rebuild.model.events import Event
from rebuild.model.refs import Ref
from rebuild.system import encoding

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def encode(event: Event, *, number: int, previous: str) -> bytes:
    """One line of a journal, chained to the line before it by that line's digest."""
    record = {
        "n": number,
        "prev": previous,
        "type": _WORD.sub("-", type(event).__name__).lower(),
        "data": plain(event),
    }
    return encoding.as_json(record) + b"\n"


def plain(value: Any) -> Any:
    """A value as JSON knows it: refs as text, dataclasses as mappings, times to the microsecond."""
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return round(value, 6)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
