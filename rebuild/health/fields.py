"""Typed reads of a live object that never raise.

A status is written by controllers that we do not know; a value of the wrong type counts as absent, so that
one odd object cannot stop a run. Nothing here judges what a value means.
"""

from __future__ import annotations

from datetime import datetime

from rebuild.model.objects import Body, dig


def integer(body: Body, *path: str) -> int | None:
    """The integer at a path, or None where there is none; JSON's `true` is not a number."""
    value = dig(body, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def count(body: Body, *path: str, default: int = 0) -> int:
    """The integer at a path, or `default`: the API server omits counts that are zero."""
    value = integer(body, *path)
    return default if value is None else value


def text(body: Body, *path: str) -> str:
    """The string at a path, on one line since it may end up in a message; or an empty one."""
    value = dig(body, *path)
    return " ".join(value.split()) if isinstance(value, str) else ""


def flag(body: Body, *path: str) -> bool:
    """Whether the value at a path is `true`."""
    return dig(body, *path) is True


def moment(body: Body, *path: str) -> datetime | None:
    """The time at a path, as Kubernetes writes times, or None."""
    try:
        found = datetime.fromisoformat(text(body, *path))
    except ValueError:
        return None
    return found if found.tzinfo else None
