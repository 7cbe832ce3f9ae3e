"""The kind table: which kinds exist, in which versions, under which plural, namespaced or not.

The built-in part is data generated from the lab's discovery (`kinds.json`, written by
`tools/generate_tables.py`); CustomResourceDefinitions in the repository extend it, so that a plan needs no
cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from rebuild.model.objects import dig, dig_maps
from rebuild.model.refs import Ref


class Kind(Struct, frozen=True):
    """One kind of a group, as discovery describes it. `versions` holds the preferred (or stored) one first."""

    group: str
    kind: str
    plural: str
    namespaced: bool
    versions: tuple[str, ...]

    def collection(self, version: str, namespace: str = "") -> str:
        """The URL path of the collection, over all namespaces where none is named."""
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{scope}/{self.plural}"

    def item(self, ref: Ref) -> str:
        """The URL path of one object, in the version that the ref was written in."""
        return f"{self.collection(ref.version, ref.namespace)}/{ref.name}"


class Kinds:
    """An immutable table of kinds by group and kind."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._table = {(kind.group, kind.kind): kind for kind in kinds}

    def get(self, group: str, kind: str) -> Kind | None:
        """The kind, or None when it is neither built in nor declared."""
        return self._table.get((group, kind))

    def of(self, ref: Ref) -> Kind | None:
        """The kind of an object."""
        return self._table.get((ref.group, ref.kind))

    def extended(self, kinds: Iterable[Kind]) -> Kinds:
        """A table that knows these kinds as well; where both know a kind, the new description wins."""
        return Kinds([*self._table.values(), *kinds])

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._table.values())


@cache
def builtin() -> Kinds:
    """The kinds that a Kubernetes control plane serves without any extension."""
    text = Path(__file__).with_name("kinds.json").read_bytes()
    return Kinds(
        Kind(row["group"], row["kind"], row["plural"], row["namespaced"], tuple(row["versions"]))
        for row in orjson.loads(text)
    )


def from_crd(body: Mapping[str, Any]) -> Kind | None:
    """The kind that a CustomResourceDefinition defines, or None when the definition lacks what that takes.

    What is no text where a name has to be counts as missing.
    """
    names = dig(body, "spec", "names")
    group, kind, plural = dig(body, "spec", "group"), dig(names, "kind"), dig(names, "plural")
    versions = [v for v in dig_maps(body, "spec", "versions") if v.get("served") and _is_name(v.get("name"))]
    if not (_is_name(group) and _is_name(kind) and _is_name(plural) and versions):
        return None
    versions.sort(key=lambda v: not v.get("storage"))
    namespaced = dig(body, "spec", "scope") == "Namespaced"
    return Kind(group, kind, plural, namespaced, tuple(v["name"] for v in versions))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)
