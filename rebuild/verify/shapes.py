"""What comparison must know about one place in an object, distilled from an OpenAPI or CRD schema.

The facts are those of structural merge (KEP-555: list types, list keys, atomic maps), plus the scalars whose
text is not their value. Everything else that a schema says is left behind. Reads schemas only; never objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from rebuild.model.objects import dig


class Scalar(StrEnum):
    """A scalar that can be written in more than one way."""

    QUANTITY = "quantity"
    INT_OR_STRING = "int-or-string"
    BYTES = "bytes"
    TIME = "time"
    DURATION = "duration"


class Order(StrEnum):
    """When the order of a list of type `map` means something, which its type alone denies."""

    ALWAYS = "always"
    REFERENCES = "references"
    """Where a value refers to another element with `$(NAME)`, which must stand before it."""


class ListType(StrEnum):
    """How the elements of a list are identified (`x-kubernetes-list-type`)."""

    ATOMIC = "atomic"
    SET = "set"
    MAP = "map"


class Shape(Struct, frozen=True):
    """The facts about one place. A blank shape says: scalars by value, maps by name, lists as a whole.

    `values` is set for maps with free keys (labels, ConfigMap data), where each key is content of its own.
    `exact` marks maps in which a key that was not declared changes the meaning of those that were: selectors.
    `kept` names the fields of which the server keeps a zero value (pointers in Go), so that there absence is a change;
    `raw` says that of everything from here on down, which the server stores as it is sent.
    `type` refers to a named type, to be looked up in `Schemas`.
    """

    type: str = ""
    scalar: Scalar | None = None
    fields: Mapping[str, Shape] = field(default_factory=dict)
    values: Shape | None = None
    items: Shape | None = None
    list_type: ListType = ListType.ATOMIC
    keys: tuple[str, ...] = ()
    order: Order | None = None
    exact: bool = False
    kept: frozenset[str] = frozenset()
    raw: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Of a struct: what server-side apply fills in where it is a list key (`protocol: TCP`)."""

    def below(self, name: str) -> Shape:
        """The shape below a name: of the field, else of any value of a map with free keys, else blank."""
        return RAW if self.raw else self.fields.get(name) or self.values or BLANK

    @property
    def element(self) -> Shape:
        """The shape of the elements of a list."""
        return RAW if self.raw else self.items or BLANK

    def encoded(self) -> dict[str, Any]:
        """The shape of a built-in type as JSON, without what is blank; `decoded` reads it."""
        parts = {
            "type": self.type,
            "scalar": self.scalar,
            "fields": {name: child.encoded() for name, child in sorted(self.fields.items())},
            "items": self.items.encoded() if self.items else None,
            "list": "" if self.list_type is ListType.ATOMIC else self.list_type,
            "keys": list(self.keys),
            "order": self.order,
            "exact": self.exact,
            "kept": sorted(self.kept),
            "raw": self.raw,
            "defaults": dict(sorted(self.defaults.items())),
        }
        encoded = {name: part for name, part in parts.items() if part}
        return encoded if self.values is None else {**encoded, "values": self.values.encoded()}


BLANK = Shape()
RAW = Shape(raw=True)
_RAW_TYPES = frozenset({
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
})  # fmt: skip
_ORDERS = {
    ("io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration", "webhooks"): Order.ALWAYS,
    ("io.k8s.api.core.v1.PodSpec", "initContainers"): Order.ALWAYS,
    ("io.k8s.api.core.v1.Container", "env"): Order.REFERENCES,
}
"""Keyed lists that Kubernetes reads in order, whatever their type says: who runs or is called first."""
_FORMATS = {"byte": Scalar.BYTES, "date-time": Scalar.TIME, "duration": Scalar.DURATION}
_REF = "#/components/schemas/"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
# controller-gen writes a Quantity as an int-or-string with this pattern (the grammar of apimachinery).
_QUANTITY_PATTERN = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|"
# The server defaults nothing in these, and a field more or less selects, admits or grants something else.
_EXACT_TYPES = frozenset({
    "io.k8s.api.core.v1.NodeSelector",
    "io.k8s.api.core.v1.NodeSelectorTerm",
    "io.k8s.api.networking.v1.NetworkPolicyEgressRule",
    "io.k8s.api.networking.v1.NetworkPolicyIngressRule",
    "io.k8s.api.networking.v1.NetworkPolicyPeer",
    "io.k8s.api.rbac.v1.PolicyRule",
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
})  # fmt: skip


def distil(schema: Mapping[str, Any], name: str = "", kept: Iterable[str] = ()) -> Shape:
    """The facts in an OpenAPI v3 schema object, as `/openapi/v3` and `openAPIV3Schema` write them.

    Args:
        schema: The schema; references stay references.
        name: The type's name, if it is a named type of the built-in API.
        kept: The fields of which the server keeps a zero value, which no schema tells.
    """
    reference = _reference(schema)
    if reference == _QUANTITY or name == _QUANTITY or _is_custom_quantity(schema):
        return Shape(scalar=Scalar.QUANTITY)
    if reference in _RAW_TYPES or name in _RAW_TYPES:
        return RAW
    if schema.get("x-kubernetes-int-or-string") is True or schema.get("format") == "int-or-string":
        return Shape(scalar=Scalar.INT_OR_STRING)
    if schema.get("type") == "string" and schema.get("format") in _FORMATS:
        return Shape(scalar=_FORMATS[schema["format"]])
    properties = {key: value for key, value in _mapping(schema, "properties").items() if isinstance(value, Mapping)}
    fields = {key: _ordered(distil(value), name, key) for key, value in properties.items()}
    free, items = schema.get("additionalProperties"), schema.get("items")
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    keys = schema.get("x-kubernetes-list-map-keys")
    return Shape(
        type=reference,
        fields={key: child for key, child in fields.items() if child != BLANK},
        values=distil(free if isinstance(free, Mapping) else {}) if free and not properties else None,
        items=_unless_blank(distil(items)) if isinstance(items, Mapping) else None,
        list_type=_list_type(schema),
        keys=tuple(map(str, keys)) if isinstance(keys, list) else (),
        exact=name in _EXACT_TYPES or bool(atomic and free),
        kept=frozenset(kept) & properties.keys(),
        defaults={key: value["default"] for key, value in properties.items() if value.get("default")},
    )


def decoded(row: Mapping[str, Any]) -> Shape:
    """The shape that `Shape.encoded` wrote."""
    return Shape(
        type=row.get("type", ""),
        scalar=Scalar(row["scalar"]) if "scalar" in row else None,
        fields={name: decoded(child) for name, child in row.get("fields", {}).items()},
        values=decoded(row["values"]) if "values" in row else None,
        items=decoded(row["items"]) if "items" in row else None,
        list_type=ListType(row.get("list", ListType.ATOMIC)),
        keys=tuple(row.get("keys", ())),
        order=Order(row["order"]) if "order" in row else None,
        exact=row.get("exact", False),
        kept=frozenset(row.get("kept", ())),
        raw=row.get("raw", False),
        defaults=row.get("defaults", {}),
    )


def _mapping(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = schema.get(name)
    return value if isinstance(value, Mapping) else {}


def _reference(schema: Mapping[str, Any]) -> str:
    """The named type: `$ref`, or the one in an `allOf`, as OpenAPI v3 writes a reference with a default."""
    parts = schema.get("allOf")
    first = parts[0] if isinstance(parts, list) and parts else None
    target = schema.get("$ref") or dig(first, "$ref")
    return target.removeprefix(_REF) if isinstance(target, str) else ""


def _is_custom_quantity(schema: Mapping[str, Any]) -> bool:
    return schema.get("x-kubernetes-int-or-string") is True and str(schema.get("pattern")).startswith(_QUANTITY_PATTERN)


def _list_type(schema: Mapping[str, Any]) -> ListType:
    written = schema.get("x-kubernetes-list-type")
    return ListType(written) if written in list(ListType) else ListType.ATOMIC


def _ordered(shape: Shape, name: str, field_name: str) -> Shape:
    order = _ORDERS.get((name, field_name))
    return replace(shape, order=order) if order else shape


def _unless_blank(shape: Shape) -> Shape | None:
    return None if shape == BLANK else shape
