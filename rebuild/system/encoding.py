"""JSON bytes of what the outside world called things: a file's name may hold any bytes, and JSON only Unicode."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
from msgspec.structs import asdict


def as_json(document: Any, *, option: int = 0, default: Callable[[Any], Any] = asdict) -> bytes:
    """A document as JSON; bytes of a name that are no UTF-8 become question marks.

    Args:
        document: what orjson takes, and structs.
        option: orjson's options.
        default: what it asks for values that it does not know.
    """
    try:
        return orjson.dumps(document, default, option=option)
    except TypeError:
        # Lone surrogates, by which Python stands for such bytes. Anything else that orjson refuses fails here, too.
        return orjson.dumps(readable(document, default), option=option)


def readable(document: Any, default: Callable[[Any], Any] = asdict) -> Any:
    """The same document in proper Unicode."""
    return orjson.loads(json.dumps(document, ensure_ascii=False, default=default).encode(errors="replace"))
