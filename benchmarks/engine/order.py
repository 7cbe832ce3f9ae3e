"""The order that a set of objects demands of every tool, read from the objects alone and without rebuild's rules.

An object cannot live without its Namespace or its CustomResourceDefinition; what `depends-on` names has to be ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEPENDS_ON = "config.kubernetes.io/depends-on"

Identity = tuple[str, str, str, str]
"""Group, kind, namespace, name."""


class Until(StrEnum):
    """What has to have come."""

    EXISTS = "exists"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Must:
    """`dependent` may leave only when `dependency` is so far."""

    dependent: Identity
    dependency: Identity
    until: Until


def identity(body: dict[str, Any]) -> Identity:
    """Which object a manifest declares."""
    group = body["apiVersion"].rpartition("/")[0]
    metadata = body["metadata"]
    return group, body["kind"], metadata.get("namespace", ""), metadata["name"]


def musts(bodies: Iterable[dict[str, Any]]) -> Iterator[Must]:
    """Every order that these objects demand among themselves."""
    declared = {identity(body): body for body in bodies}
    definitions = {
        (body["spec"]["group"], body["spec"]["names"]["kind"]): each
        for each, body in declared.items()
        if each[1] == "CustomResourceDefinition"
    }
    for each, body in declared.items():
        home = ("", "Namespace", "", each[2])
        if home in declared:
            yield Must(each, home, Until.EXISTS)
        if definition := definitions.get(each[:2]):
            yield Must(each, definition, Until.READY)
        for entry in filter(None, (body["metadata"].get("annotations") or {}).get(DEPENDS_ON, "").split(",")):
            yield Must(each, _named(entry), Until.READY)


def _named(entry: str) -> Identity:
    parts = entry.strip().split("/")
    if len(parts) == 5:
        group, _, namespace, kind, name = parts
        return group, kind, namespace, name
    group, kind, name = parts
    return group, kind, "", name
