"""Do two values mean the same, however they are written? The one place that knows `1000m`, `"80"` and base64.

Only values: where they stand, and which fields matter, is for `compare`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from decimal import Decimal
from typing import Any

from rebuild.model import durations
from rebuild.verify import quantities
from rebuild.verify.shapes import Scalar


def same(declared: Any, live: Any, scalar: Scalar | None = None) -> bool:
    """Whether two values mean the same; maps and lists only when they are equal in every part."""
    if isinstance(declared, bool) or isinstance(live, bool):
        return declared is live
    if isinstance(declared, (int, float)) and isinstance(live, (int, float)):
        return _same_number(declared, live)
    if isinstance(declared, (dict, list)) or isinstance(live, (dict, list)):
        return _same_tree(declared, live)
    match scalar:
        case Scalar.INT_OR_STRING:
            return str(declared) == str(live)
        case Scalar.QUANTITY:
            return str(declared) == str(live) or _same_quantity(declared, live)
        case Scalar.BYTES:
            return bool(declared == live) or _same_bytes(declared, live)
        case Scalar.TIME:
            return bool(declared == live) or _same_moment(declared, live)
        case Scalar.DURATION:
            return bool(declared == live) or _same_duration(declared, live)
    return bool(declared == live)


def _same_tree(declared: Any, live: Any) -> bool:
    if isinstance(declared, dict) and isinstance(live, dict):
        return declared.keys() == live.keys() and all(same(declared[n], live[n]) for n in declared)
    if isinstance(declared, list) and isinstance(live, list):
        return len(declared) == len(live) and all(map(same, declared, live))
    return False


def _same_number(declared: float, live: float) -> bool:
    """Equal, or what is left of a large integer after Go kept it as a float64 (a schema's `maximum` does)."""
    if declared == live:
        return True
    if isinstance(declared, float) or isinstance(live, float):
        return float(declared) == float(live)
    try:
        return Decimal(repr(float(declared))) == Decimal(live)
    except OverflowError:
        return False


def _same_quantity(declared: Any, live: Any) -> bool:
    try:
        return quantities.parse(declared) == quantities.parse(live)
    except ValueError:
        return False


def _same_bytes(declared: Any, live: Any) -> bool:
    """Base64 may be broken into lines, as `base64` and PEM tools write it."""
    try:
        return _decode(declared) == _decode(live)
    except (binascii.Error, ValueError):
        return False


def _same_moment(declared: Any, live: Any) -> bool:
    """RFC 3339: the server writes every time in UTC, and to its own precision of seconds or microseconds."""
    try:
        return datetime.fromisoformat(declared) == datetime.fromisoformat(live)
    except (TypeError, ValueError):
        # Not times, or one of them has no time zone and cannot be told from the other.
        return False


def _same_duration(declared: Any, live: Any) -> bool:
    """`90m` is `1h30m`: Go writes a duration back in its own form."""
    try:
        return durations.parse(declared) == durations.parse(live)
    except (AttributeError, ValueError):
        return False


def _decode(text: Any) -> bytes:
    return base64.b64decode("".join(str(text).split()), validate=True)
