"""Who owns a field, read from an object's `metadata.managedFields` (format FieldsV1 of server-side apply)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, assert_never

from msgspec import Struct

from rebuild.model.objects import Body, dig_maps
from rebuild.verify import paths


class Owner(Struct, frozen=True):
    """A manager, and the subresource that it wrote through (empty: the object itself)."""

    manager: str
    subresource: str = ""

    def __str__(self) -> str:
        return f"{self.manager} ({self.subresource})" if self.subresource else self.manager


class Entry(Struct, frozen=True):
    """One entry of `managedFields`: who wrote how, and when last. It has no time for a single field."""

    manager: str
    subresource: str
    operation: str
    time: str

    @property
    def owner(self) -> Owner:
        """Who it is, however and whenever it wrote."""
        return Owner(self.manager, self.subresource)


_NOBODY = Entry("", "", "", "")


class Fields:
    """What is owned at one place of an object and below, by whom: for walking an object and its owners together.

    Whoever owns a whole value (`is_whole`) owns everything that is inside of it (`is_inside`).
    """

    __slots__ = ("_nodes", "is_inside", "is_whole")

    def __init__(
        self, nodes: tuple[tuple[Entry, Mapping[str, Any]], ...], *, is_whole: bool = False, is_inside: bool = False
    ) -> None:
        self._nodes = nodes
        self.is_whole, self.is_inside = is_whole, is_inside

    @classmethod
    def of(cls, live: Body) -> Fields:
        """The owners of a whole object; none where its `managedFields` were taken away."""
        return cls(
            tuple(
                (_entry(raw), fields)
                for raw in dig_maps(live, "metadata", "managedFields")
                if isinstance(fields := raw.get("fieldsV1"), Mapping)
            )
        )

    @classmethod
    def untold(cls) -> Fields:
        """Of an object whose owners nobody noted: anything may be somebody's, and `entries` names nobody."""
        return cls(((_NOBODY, {}),), is_whole=True)

    @property
    def is_untold(self) -> bool:
        """Whether nobody noted who owns this."""
        return any(entry is _NOBODY for entry, _ in self._nodes)

    def __bool__(self) -> bool:
        return bool(self._nodes)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Who owns the place or something below it, in the order of the object's entries."""
        return tuple(dict.fromkeys(entry for entry, _ in self._nodes if entry is not _NOBODY))

    def below(self, step: paths.Step) -> Fields:
        """One step further down."""
        if self.is_whole:
            return self if self.is_inside else Fields(self._nodes, is_whole=True, is_inside=True)
        found = [(entry, child) for entry, node in self._nodes if (child := _below(node, step)) is not None]
        return self._whole_or(found)

    def elements(self) -> dict[str, Fields]:
        """The elements of a keyed list that are owned, by what `key_text` makes of their keys."""
        found: dict[str, list[tuple[Entry, Mapping[str, Any]]]] = {}
        for entry, node in self._nodes:
            for keyed, child in _with_prefix(node, "k:"):
                if isinstance(child, Mapping) and isinstance(keyed, dict):
                    found.setdefault(key_text(keyed), []).append((entry, child))
        return {key: self._whole_or(nodes) for key, nodes in found.items()}

    def keys(self) -> tuple[str, ...]:
        """The key fields of a list, by the first element that is owned; none where no element is."""
        keyed = (keyed for _, node in self._nodes for keyed, _ in _with_prefix(node, "k:"))
        first = next(keyed, None)
        return tuple(first) if isinstance(first, dict) else ()

    def _whole_or(self, nodes: list[tuple[Entry, Mapping[str, Any]]]) -> Fields:
        leaves = tuple((entry, node) for entry, node in nodes if not node)
        # Who owns an atomic value and who owns parts of it cannot be told apart any better.
        return Fields(leaves, is_whole=True) if len(leaves) == len(nodes) else Fields(tuple(nodes))


def key_text(keys: Mapping[str, Any]) -> str:
    """The keys of an element as one text; a key without a value is left out, as in `managedFields`."""
    return json.dumps({name: value for name, value in keys.items() if value is not None}, sort_keys=True)


def entries_of(live: Body) -> tuple[Entry, ...]:
    """Everybody who wrote to an object, in the order of its entries."""
    return tuple(_entry(raw) for raw in dig_maps(live, "metadata", "managedFields"))


def _entry(raw: Body) -> Entry:
    return Entry(*(str(raw.get(name) or "") for name in ("manager", "subresource", "operation", "time")))


def manager_of(live: Body, path: paths.Path) -> str:
    """The owners of a field as text, `kube-controller-manager (scale)`; empty when nobody owns it."""
    return ", ".join(str(owner) for owner in owners_of(live, path))


def owners_of(live: Body, path: paths.Path) -> tuple[Owner, ...]:
    """The owners of a field, in the order of the object's entries; several share what they agree on."""
    return tuple(dict.fromkeys(entry.owner for entry in owning(live, path)))


def owning(live: Body, path: paths.Path) -> tuple[Entry, ...]:
    """The entries that own a field, in the order of the object's entries: its owners, with how and when they wrote."""
    entries = dig_maps(live, "metadata", "managedFields")
    return tuple(dict.fromkeys(_entry(raw) for raw in entries if _owns(raw.get("fieldsV1"), path)))


def _owns(fields: Any, path: paths.Path) -> bool:
    """Whether a set of fields holds the path itself, or an atomic value that the path lies in.

    A leaf (`{}`) stands for a whole value. An inner node stands for itself only where it has the member `.`;
    with children alone it leads to what is owned, and so names who owns parts of the value.
    """
    if not isinstance(fields, Mapping):
        return False
    for depth, step in enumerate(path):
        if depth and not fields:
            return True
        below = _below(fields, step)
        if below is None:
            return False
        fields = below
    return True


def _below(fields: Mapping[str, Any], step: paths.Step) -> Mapping[str, Any] | None:
    match step:
        case str():
            found = fields.get(f"f:{step}")
        case paths.Index(position):
            found = fields.get(f"i:{position}")
        case paths.Keyed(keys):
            wanted = {name: value for name, value in keys if value is not None}
            found = next((child for keyed, child in _with_prefix(fields, "k:") if keyed == wanted), None)
        case paths.Member(value):
            found = next((child for member, child in _with_prefix(fields, "v:") if member == value), None)
        case _:
            assert_never(step)
    return found if isinstance(found, Mapping) else None


def _with_prefix(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[Any, Any]]:
    for name, child in fields.items():
        if name.startswith(prefix):
            try:
                yield _parsed(name.removeprefix(prefix)), child
            except ValueError:
                continue


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """The same few keys stand in thousands of objects."""
    return json.loads(text)
