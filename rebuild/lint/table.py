"""The types of all kinds: the built-in API's from `types.json`, custom resources' from their definitions.

`types.json` is data, written from a control plane's /openapi/v3 by `tools/generate_tables.py`. About a kind that
neither knows nothing can be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import orjson

from rebuild.lint import types
from rebuild.lint.types import Form, Type
from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.verify.schema import root_key


class Table:
    """An immutable table of types by kind and version. `release` is the Kubernetes of the built-in ones: `1.37`."""

    def __init__(
        self, release: str, roots: Mapping[str, str], rows: Mapping[str, Mapping[str, str]], custom: Mapping[str, Type]
    ) -> None:
        self.release, self._roots, self._rows, self._custom = release, roots, rows, custom
        # Most runs touch a tenth of the types, so each is decoded when it is first asked for.
        self._types: dict[str, Type] = {}

    def is_custom(self, ref: Ref) -> bool:
        """Whether the type of this object comes from a declared definition."""
        return _key(ref) in self._custom

    def root(self, ref: Ref) -> Type | None:
        """The type of a whole object in the version that it is written in, None when nothing is known of it."""
        key = _key(ref)
        if key in self._custom:
            return self._custom[key]
        return self._named(self._roots[key]) if key in self._roots else None

    def resolved(self, place: Type) -> Type:
        """The type itself, or the named one that it refers to."""
        return self._named(place.name) if place.form is Form.NAMED else place

    def _named(self, name: str) -> Type:
        if name not in self._types:
            fields = {field: types.decoded(text) for field, text in self._rows[name].items()}
            self._types[name] = Type(Form.STRUCT, name, fields=fields)
        return self._types[name]

    def extended(self, definitions: Iterable[Body]) -> Table:
        """A table that also knows what these CustomResourceDefinitions define, in every version they list."""
        custom = {key: found for body in definitions for key, found in _defined(body)}
        return Table(self.release, self._roots, self._rows, {**self._custom, **custom})


@cache
def builtin() -> Table:
    """The types of the kinds that a Kubernetes control plane serves without any extension."""
    data = orjson.loads(Path(__file__).with_name("types.json").read_bytes())
    return Table(data["release"], data["roots"], data["types"], {})


def _key(ref: Ref) -> str:
    return root_key(ref.group, ref.version, ref.kind)


def _defined(body: Body) -> Iterable[tuple[str, Type]]:
    group, kind = dig(body, "spec", "group"), dig(body, "spec", "names", "kind")
    for version in dig_maps(body, "spec", "versions"):
        found = types.defined(dig(version, "schema", "openAPIV3Schema"))
        yield root_key(str(group), str(version.get("name")), str(kind)), found
