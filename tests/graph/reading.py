"""Blueprints for the tests of the graph, out of a few lines of YAML; namespaces are written out in them."""

from __future__ import annotations

from collections.abc import Iterable

from rebuild.manifests import loader
from rebuild.model.blueprint import Blueprint
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref


def blueprint(text: str | bytes, path: str = "input.yaml") -> Blueprint:
    """What the text declares, in its order."""
    data = text.encode() if isinstance(text, str) else text
    return of(manifest(each.value, Origin(path, each.line)) for each in loader.documents(data))


def of(manifests: Iterable[Manifest]) -> Blueprint:
    """A blueprint of these manifests; no kind table is needed where namespaces are written out."""
    return Blueprint({item.ref: item for item in manifests}, Kinds([]))


def manifest(body: Body, origin: Origin) -> Manifest:
    """One declared object."""
    metadata = body["metadata"]
    ref = Ref.of(body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata["name"])
    return Manifest(ref, body, origin)
