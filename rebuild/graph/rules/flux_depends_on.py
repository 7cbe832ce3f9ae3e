"""Flux reconciles a Kustomization or a HelmRelease when all that its `spec.dependsOn` names are ready.

Each entry names an object of the same kind, in the same namespace unless it says another. As
https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies and the page of HelmReleases define it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref

_KINDS = (("kustomize.toolkit.fluxcd.io", "Kustomization"), ("helm.toolkit.fluxcd.io", "HelmRelease"))


def edges_from(index: Index) -> Iterator[Edge]:
    """Kustomization or HelmRelease -> each declared one that it names, READY, hard."""
    for item, named in _entries(index):
        declared = index.get(named)
        if declared and declared.ref != item.ref:
            yield Edge(item.ref, declared.ref, Gate.READY, Strength.HARD, "its dependsOn names it", "flux_depends_on")


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: an entry that names what is not declared, or the object itself; Flux would wait for ever."""
    for item, named in _entries(index):
        if named == item.ref or index.get(named) is None:
            what = "on itself" if named == item.ref else f"on {named}, which is not declared"
            yield Finding(
                "undeclared-depends-on",
                Severity.WARNING,
                f"{item.ref} depends {what}: Flux waits for it without an end",
                item.ref,
                item.origin,
                "declare that object, or remove the entry from spec.dependsOn",
            )


def _entries(index: Index) -> Iterator[tuple[Manifest, Ref]]:
    for group, kind in _KINDS:
        for item in index.of_kind(group, kind):
            for entry in dig_maps(item.body, "spec", "dependsOn"):
                if name := text(entry, "name"):
                    yield item, Ref(group, kind, text(entry, "namespace") or item.ref.namespace, name, item.ref.version)
