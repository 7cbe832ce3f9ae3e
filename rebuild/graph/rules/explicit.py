"""Order that somebody wrote down: the annotation `config.kubernetes.io/depends-on`, as cli-utils defines it.

Its value is a comma-separated list of `group/namespaces/namespace/kind/name` and, for cluster-scoped objects,
`group/kind/name`; the core group is written as nothing before the first slash. cli-utils refuses a value
that it cannot read and an object that is not part of the same set; so do we, since an order that was asked
for and cannot be kept must not pass silently.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig
from rebuild.model.refs import Ref

ANNOTATION = "config.kubernetes.io/depends-on"


def edges_from(index: Index) -> Iterator[Edge]:
    """Annotated object -> each declared object that the annotation names, READY, hard."""
    for item, entry in _entries(index):
        target = _parse(entry)
        declared = index.get(target) if target else None
        if declared and declared.ref != item.ref:
            yield Edge(item.ref, declared.ref, Gate.READY, Strength.HARD, "depends-on annotation", "explicit")


def findings_from(index: Index) -> Iterator[Finding]:
    """Errors: an entry that cannot be read, is not declared, or names the annotated object itself."""
    for item, entry in _entries(index):
        target = _parse(entry)
        if target is None:
            yield _error(
                item,
                "invalid-depends-on",
                f"has an entry that cannot be read in its annotation {ANNOTATION}: {entry!r}",
                "write group/namespaces/namespace/kind/name, or group/kind/name for a cluster-scoped object",
            )
        elif target == item.ref:
            step = "remove the entry from the annotation"
            yield _error(item, "dependency-cycle", "waits for itself by its depends-on annotation", step)
        elif index.get(target) is None:
            step = "declare that object or remove the entry from the annotation"
            yield _error(item, "undeclared-dependency", f"depends on {entry!r}, which is not declared", step)


def _error(item: Manifest, code: str, problem: str, step: str) -> Finding:
    return Finding(code, Severity.ERROR, f"{item.ref} {problem}", item.ref, item.origin, step)


def _entries(index: Index) -> Iterator[tuple[Manifest, str]]:
    for item in index.annotated(ANNOTATION):
        value = dig(item.body, "metadata", "annotations", ANNOTATION)
        if isinstance(value, str):
            for entry in value.split(","):
                yield item, entry.strip()


def _parse(entry: str) -> Ref | None:
    match entry.split("/"):
        case [group, kind, name] if kind and name:
            return Ref(group, kind, "", name)
        case [group, "namespaces", namespace, kind, name] if namespace and kind and name:
            return Ref(group, kind, namespace, name)
        case _:
            return None
