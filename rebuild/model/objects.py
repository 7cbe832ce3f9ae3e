"""A declared object: where it came from, what it says, and the bytes that will be sent."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeAlias

import orjson
from msgspec import Struct
from msgspec.structs import replace

from rebuild.model.discreet import Discreet
from rebuild.model.refs import Ref

Body: TypeAlias = dict[str, Any]
"""A Kubernetes object as decoded JSON."""


class Provenance(StrEnum):
    """Who vouches for a file."""

    COMMIT = "commit"
    """A Git commit: anybody can read the same file again."""
    DIRECTORY = "directory"
    """A plain directory: nobody can rebuild this tomorrow."""
    OPERATOR = "operator"
    """The person who ran the command, from outside Git (break-glass Secrets)."""


class Origin(Struct, frozen=True):
    """Where a declaration stands. `commit` is empty for files that are not in a commit."""

    path: str
    line: int
    commit: str = ""
    provenance: Provenance = Provenance.DIRECTORY

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Manifest(Discreet, frozen=True):
    """One declared object. Equal refs mean the same object, so a blueprint holds each ref once."""

    unshown = frozenset({"body"})

    ref: Ref
    body: Body
    origin: Origin

    @property
    def payload(self) -> bytes:
        """The JSON that is sent to the API server."""
        return orjson.dumps(self.body)

    def with_body(self, body: Body) -> Manifest:
        """The same declaration with other content, as a transform makes it."""
        return replace(self, body=body)


def dig(body: Any, *path: str) -> Any:
    """The value at a path of mapping keys, or None as soon as a step is missing or is not a mapping."""
    for key in path:
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body


def dig_list(body: Any, *path: str) -> list[Any]:
    """The list at a path, or an empty one where there is none or something else."""
    value = dig(body, *path)
    return value if isinstance(value, list) else []


def dig_maps(body: Any, *path: str) -> Iterator[Body]:
    """The mappings in the list at a path; anything else in the list is passed over."""
    return (item for item in dig_list(body, *path) if isinstance(item, dict))
