"""How findings name many objects: the first few, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref

_NAMED = 3
"""Objects that are named: who sees three can find the others."""


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def listed(items: Sequence[Manifest] | Sequence[Ref]) -> str:
    """The same for objects."""
    return some([str(item.ref if isinstance(item, Manifest) else item) for item in items])
