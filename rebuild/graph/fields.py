"""Typed reads from bodies that nobody has validated.

The rules run before any API server has seen the objects, so a name may be a number and a label map a list.
Such values answer as if they were absent: the API server will refuse the object with a better message than
a rule could give. Must not raise on any decoded YAML.
"""

from __future__ import annotations

from typing import Any

from rebuild.model.objects import dig


def text(body: Any, *path: str) -> str:
    """The string at a path, or an empty one where there is none or something else."""
    value = dig(body, *path)
    return value if isinstance(value, str) else ""


def texts(body: Any, *path: str) -> list[str]:
    """The strings of the list at a path; anything else in it is passed over."""
    value = dig(body, *path)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def pairs(body: Any, *path: str) -> dict[str, str]:
    """The string-to-string map at a path (labels, annotations, a Service's selector)."""
    value = dig(body, *path)
    if not isinstance(value, dict):
        return {}
    return {key: val for key, val in value.items() if isinstance(key, str) and isinstance(val, str)}
