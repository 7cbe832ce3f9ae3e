"""Durations as Kubernetes and its tools write them: `90s`, `5m`, `1h30m`."""

from __future__ import annotations

import math
import re

_UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+(?:\.\d+)?)(ns|µs|ms|s|m|h)"
_WHOLE = re.compile(f"(?:{_PART})+")


def parse(text: str) -> float:
    """Seconds of a duration in the form of Go's time.ParseDuration; a bare number means seconds.

    Raises:
        ValueError: when the text has another form.
    """
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        text = f"{text}s"
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration such as 90s, 5m or 1h30m")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))
    if not math.isfinite(seconds):
        raise ValueError(f"{text[:20]!r}... has no end")
    return seconds
