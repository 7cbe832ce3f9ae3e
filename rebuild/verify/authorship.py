"""Who brought an object into being, by the object's own record (`metadata.managedFields`), when no answer tells it.

An answer may be lost after the server has stored what was sent. The next write then finds the object there, and only
its record says whether that was ours. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from rebuild.model.objects import Body, dig, dig_maps

_UNRECORDED = "before-first-apply"
"""BeforeApplyManager of k8s.io/apimachinery: owns what an object without managedFields held when it was applied."""
Leaf: TypeAlias = tuple[str, ...]


def was_created_by(live: Body, manager: str) -> bool:
    """Whether an object that was not there before came into being by an apply of this manager.

    So it is when the manager's entry is no younger than the object, in the seconds that the server records, and nobody
    else of that age holds a field of it: a controller that adds fields of its own within that second has not created
    it. An apply of nothing but a name leaves no entry, and whoever creates by other means leaves one; the next apply
    then finds no record at all, which the server notes as the entry `before-first-apply`.
    """
    entries = [entry for entry in dig_maps(live, "metadata", "managedFields") if not entry.get("subresource")]
    born = str(dig(live, "metadata", "creationTimestamp") or "")
    ours = [e for e in entries if e.get("manager") == manager and e.get("operation") == "Apply"]
    if not ours:
        return all(entry.get("manager") == _UNRECORDED for entry in entries)
    if any(_time(entry) > born for entry in ours):
        return False
    fields = {leaf for entry in ours for leaf in _leaves(entry.get("fieldsV1"))}
    others = (e for e in entries if e not in ours and _time(e) <= born)
    return not any(fields.intersection(_leaves(entry.get("fieldsV1"))) for entry in others)


def _time(entry: Body) -> str:
    """In RFC 3339 and UTC, and so in order as text."""
    return str(entry.get("time") or "")


def _leaves(fields: Any, above: Leaf = ()) -> Iterator[Leaf]:
    """The paths of a set of fields (FieldsV1) that lead to values; `.` stands for the inner node itself."""
    if not isinstance(fields, Mapping):
        return
    for name, below in fields.items():
        if name == ".":
            continue
        if below:
            yield from _leaves(below, (*above, name))
        else:
            yield (*above, name)
