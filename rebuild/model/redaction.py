"""How a value of an object may be shown: as JSON, or, for a Secret, as a keyed digest.

Diffs, logs, journal and report show values through this module alone, so there is one place that decides what
is confidential. It allows a few known fields of a Secret and hides everything else, misspelt fields included:
a list of what to hide would leak whatever it forgot.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from rebuild.model.refs import Ref

ABSENT = "(absent)"
"""How a value is shown that is not there at all."""

_OPEN_FIELDS = frozenset({"apiVersion", "kind", "type", "immutable"})
_OPEN_METADATA = frozenset({"name", "namespace", "generateName", "labels", "finalizers", "ownerReferences"})


def digest(value: bytes, key: bytes) -> str:
    """A short HMAC-SHA256 of a confidential value: equal values look equal, and none can be guessed."""
    return f"hmac:{hmac.new(key, value, hashlib.sha256).hexdigest()[:12]}"


def shown(ref: Ref, path: tuple[str, ...], value: Any, key: bytes) -> str:
    """The JSON of the value at a path of an object, with keyed digests for all that may be confidential.

    Args:
        ref: The object; only a core Secret has confidential values.
        path: Field names from the object's root; an empty path means the whole object.
        value: The decoded JSON at that path.
        key: The key of the digests, made once per run.
    """
    safe = _redacted(path, value, key) if ref.group_kind == ("", "Secret") else value
    return json.dumps(safe, ensure_ascii=False, sort_keys=True)


def _redacted(path: tuple[str, ...], value: Any, key: bytes) -> Any:
    if _is_open(path):
        return value
    if isinstance(value, dict):
        return {name: _redacted((*path, str(name)), child, key) for name, child in value.items()}
    if isinstance(value, list):
        return [_redacted((*path, str(position)), child, key) for position, child in enumerate(value)]
    return value if value is None else digest(_plain(path, value), key)


def _is_open(path: tuple[str, ...]) -> bool:
    match path:
        case ("metadata", field, *_):
            return field in _OPEN_METADATA
        case (field, *_):
            return field in _OPEN_FIELDS
        case _:
            return False


def _plain(path: tuple[str, ...], value: Any) -> bytes:
    """The bytes that a value stands for: base64 in `data` has the digest of the same text in `stringData`."""
    text = value if isinstance(value, str) else json.dumps(value)
    raw = text.encode(errors="surrogatepass")
    if path[:1] != ("data",):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        return raw
