"""A class that is named and neither declared nor there: nobody acts on what names it.

A claim then stays Pending, nothing routes to an Ingress or a Gateway, and a Pod with an unknown PriorityClass or
RuntimeClass is refused. Without a target nobody knows what the new cluster brings, so all are told that are not
declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from rebuild.graph.fields import text
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref
from rebuild.plan.preflight.facts import Facts
from rebuild.plan.recoverability import wording

_STORAGE, _INGRESS = ("storage.k8s.io", "StorageClass"), ("networking.k8s.io", "IngressClass")
_GATEWAY = ("gateway.networking.k8s.io", "GatewayClass")
OF_PODS = frozenset({("scheduling.k8s.io", "PriorityClass"), ("node.k8s.io", "RuntimeClass")})
"""The classes that pod specs name, which the graph knows."""

_Users: TypeAlias = Mapping[tuple[str, str, str], Sequence[Ref]]
"""Who names a class, by its group, kind and name."""


def findings_from(facts: Facts) -> Iterator[Finding]:
    """Warnings: one for all classes without a target, else one for each that is not there."""
    users: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
    for ref, group, kind, name in named(facts.index, facts.edges):
        if name and facts.index.find(group, kind, "", name) is None:
            users[group, kind, name].append(ref)
    if facts.has_target:
        yield from _missing(users, facts)
    elif users:
        yield _undeclared(users, facts)


def named(items: Iterable[Manifest], edges: Iterable[Edge]) -> Iterator[tuple[Ref, str, str, str]]:
    """Who names which class, by its group, kind and name; the name is empty where none is named."""
    for item in items:
        match item.ref.group_kind:
            case ("", "PersistentVolumeClaim") if not text(item.body, "spec", "volumeName"):
                yield item.ref, *_STORAGE, text(item.body, "spec", "storageClassName")
            case ("apps", "StatefulSet"):
                for template in dig_maps(item.body, "spec", "volumeClaimTemplates"):
                    yield item.ref, *_STORAGE, text(template, "spec", "storageClassName")
            case ("networking.k8s.io", "Ingress"):
                yield item.ref, *_INGRESS, text(item.body, "spec", "ingressClassName")
            case ("gateway.networking.k8s.io", "Gateway"):
                yield item.ref, *_GATEWAY, text(item.body, "spec", "gatewayClassName")
    for edge in edges:
        if edge.dependency.group_kind in OF_PODS:
            yield edge.dependent, *edge.dependency.group_kind, edge.dependency.name


def _undeclared(users: _Users, facts: Facts) -> Finding:
    names = [f"{kind} {name}" for _, kind, name in sorted(users)]
    first = users[min(users)][0]
    item = facts.index.get(first)
    return Finding(
        "class-undeclared",
        Severity.WARNING,
        f"{wording.some(names)} {'is' if len(names) == 1 else 'are'} named here and declared nowhere",
        first,
        item.origin if item else None,
        "declare it, or make sure that the new cluster brings it",
    )


def _missing(users: _Users, facts: Facts) -> Iterator[Finding]:
    unread = {(group, kind) for group, kind, _ in facts.live.unread}
    for (group, kind, name), refs in sorted(users.items()):
        there = {body["metadata"]["name"] for body in facts.live.of_kind(group, kind)}
        if name in there or (group, kind) in unread:
            continue
        item = facts.index.get(refs[0])
        others = f", or name one that is there: {wording.some(sorted(there))}" if there else ""
        yield Finding(
            "class-missing",
            Severity.WARNING,
            f"{wording.listed(refs)} {'names' if len(refs) == 1 else 'name'} the {kind} {name!r}, which is neither "
            "declared nor there",
            refs[0],
            item.origin if item else None,
            f"declare it, or install what brings it{others}",
        )
