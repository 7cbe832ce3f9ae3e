"""The type of one place in an object: which fields it has and what may stand in them.

Server-side apply reads an object against these types before anything else looks at it (structured-merge-diff,
typed/validate.go). They come from /openapi/v3 or from a CustomResourceDefinition. `verify.shapes` holds what a
comparison needs of the same schemas, and cannot serve here: it leaves out every field that compares plainly.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class Form(StrEnum):
    """What stands in a place. The values are the letters of the compact notation in `types.json`."""

    ANY = "*"
    STRING = "s"
    BYTES = "y"
    INTEGER = "i"
    NUMBER = "n"
    BOOLEAN = "b"
    INT_OR_STRING = "x"
    QUANTITY = "q"
    LIST = "["
    MAP = "{"
    STRUCT = "."
    NAMED = "@"


class Type(Struct, frozen=True):
    """One place. `inner` is what a list or a map with free keys holds; `name` is set for a type that has one.

    `fields`, `required` and `open` belong to a struct; `required` are fields without a default. An open struct
    takes other fields too, in itself and in everything below it (`x-kubernetes-preserve-unknown-fields`).
    """

    form: Form = Form.ANY
    name: str = ""
    inner: Type | None = None
    fields: Mapping[str, Type] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    open: bool = False


ANY = Type()
STRING = Type(Form.STRING)
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_ENVELOPE = {"apiVersion": STRING, "kind": STRING, "metadata": Type(Form.NAMED, OBJECT_META)}
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_REF = "#/components/schemas/"
_SCALARS = {
    "string": Form.STRING,
    "integer": Form.INTEGER,
    "number": Form.NUMBER,
    "boolean": Form.BOOLEAN,
}


def encoded(schema: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> str:
    """The compact notation of one field's schema in /openapi/v3; named types that are no structs are written out."""
    parts = schema.get("allOf") or [schema]
    name = str(parts[0].get("$ref", "")).removeprefix(_REF)
    if name == _QUANTITY:
        return Form.QUANTITY
    if name:
        return f"@{name}" if "properties" in named[name] else encoded(named[name], named)
    if schema.get("format") == "int-or-string":
        return Form.INT_OR_STRING
    match schema.get("type"):
        case "array":
            return Form.LIST + encoded(schema["items"], named)
        case "object":
            free = schema.get("additionalProperties")
            return Form.MAP + encoded(free, named) if isinstance(free, dict) else Form.ANY
        case "string" if schema.get("format") == "byte":
            return Form.BYTES
        case kind:
            return _SCALARS.get(str(kind), Form.ANY)


def decoded(text: str) -> Type:
    """The type that `encoded` wrote."""
    form = Form(text[0])
    match form:
        case Form.LIST | Form.MAP:
            return Type(form, inner=decoded(text[1:]))
        case Form.NAMED:
            return Type(form, text[1:])
        case _:
            return Type(form)


def defined(schema: Any) -> Type:
    """The type of a whole custom resource, from its version's `openAPIV3Schema`."""
    found = _distilled(schema)
    return Type(Form.STRUCT, fields={**found.fields, **_ENVELOPE}, required=found.required, open=not _closed(found))


def _closed(found: Type) -> bool:
    return found.form is Form.STRUCT and not found.open


def _distilled(schema: Any) -> Type:
    """Whatever is not written as the API asks for takes anything: the definition has problems of its own then."""
    if not isinstance(schema, dict):
        return ANY
    if schema.get("x-kubernetes-int-or-string") is True:
        return Type(Form.INT_OR_STRING)
    preserved = schema.get("x-kubernetes-preserve-unknown-fields") is True
    match schema.get("type"):
        case "array":
            return Type(Form.LIST, inner=_distilled(schema.get("items")))
        case "object":
            return _object(schema, preserved)
        case kind:
            return ANY if preserved else Type(_SCALARS.get(str(kind), Form.ANY))


def _object(schema: Mapping[str, Any], preserved: bool) -> Type:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        free = schema.get("additionalProperties")
        # An object that names no field is open to server-side apply, which prunes it afterwards.
        return Type(Form.MAP, inner=_distilled(free) if isinstance(free, dict) else ANY)
    fields = {str(name): _distilled(child) for name, child in properties.items()}
    if schema.get("x-kubernetes-embedded-resource") is True:
        fields |= _ENVELOPE
    wanted = schema.get("required")
    required = tuple(
        name
        for name in (wanted if isinstance(wanted, list) else ())
        if isinstance(name, str) and "default" not in (properties.get(name) or {})
    )
    return Type(Form.STRUCT, fields=fields, required=required, open=preserved)
