"""Blueprints for the tests of the graph, out of a few lines of YAML; namespaces are written out in them."""

from __future__ import annotations

from collections.abc import Iterable

from rebuild.manifests import loader
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref


def blueprint(text: str | bytes, path: str = "input.yaml") -> Blueprint:
    """What the text declares, in its order."""
    data = text.encode() if isinstance(text, str) else text
    return of(manifest(each.value, Origin(path, each.line)) for each in loader.documents(data))


def of(manifests: Iterable[Manifest]) -> Blueprint:
    """A blueprint of these manifests, which knows the built-in kinds and those that the manifests define."""
    declared = {item.ref: item for item in manifests}
    defined = (kinds.from_crd(item.body) for item in declared.values() if item.ref.kind == "CustomResourceDefinition")
    return Blueprint(declared, kinds.builtin().extended(kind for kind in defined if kind))


def manifest(body: Body, origin: Origin) -> Manifest:
    """One declared object."""
    metadata = body["metadata"]
    ref = Ref.of(body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata["name"])
    return Manifest(ref, body, origin)
