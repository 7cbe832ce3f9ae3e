"""What the declarations take for granted: namespaces and objects that have to come from elsewhere. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Origin
from rebuild.model.refs import Ref
from rebuild.plan.preflight.rules import classes
from rebuild.plan.snapshot import Snapshot

BUILT_IN_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""The API server makes these itself."""
_MADE_BY_CONTROLLERS = frozenset({("", "ServiceAccount", "default"), ("", "ConfigMap", "kube-root-ca.crt")})
"""In every namespace, soon after it exists."""
_ANY_NAMESPACE = Ref.of("v1", "Namespace", "", "")


def homeless(blueprint: Blueprint, snapshot: Snapshot) -> Iterator[Finding]:
    """The objects whose namespace is neither built in, nor declared, nor live: there is no place to write them to.

    Where the namespaces of the target could not be read, nobody can tell.
    """
    if snapshot.why_unread(_ANY_NAMESPACE):
        return
    places = _namespaces(blueprint, snapshot)
    for manifest in blueprint:
        namespace = manifest.ref.namespace
        if namespace and namespace not in places:
            yield Finding(
                "namespace-missing",
                Severity.WARNING,
                f"{manifest.ref}: the namespace {namespace!r} is neither declared nor there",
                manifest.ref,
                manifest.origin,
                "declare the Namespace, or name another one",
            )


def _namespaces(blueprint: Blueprint, snapshot: Snapshot) -> frozenset[str]:
    declared = (m.ref.name for m in blueprint.of_kind("", "Namespace"))
    live = (str(body["metadata"]["name"]) for body in snapshot.of_kind("", "Namespace"))
    return BUILT_IN_NAMESPACES | frozenset(declared) | frozenset(live)


def undeclared(edges: Iterable[Edge], expected: frozenset[Ref], blueprint: Blueprint) -> Iterator[Finding]:
    """One finding for each object that declared ones use and nobody declares: Git alone cannot bring it back.

    Classes are for the preflight to tell of.
    """
    users = _users(edges, expected)
    for ref in sorted(users):
        first, *others = sorted(users[ref])
        more = f" and {len(others)} more" if others else ""
        yield Finding(
            "undeclared-reference",
            Severity.WARNING,
            f"{first}{more} {'use' if others else 'uses'} {ref}, which is not declared: it has to come from elsewhere",
            ref,
            _origin(blueprint, first),
            "declare it, or add it with --with",
        )


def used(edges: Iterable[Edge], expected: frozenset[Ref]) -> Iterator[tuple[Ref, Ref]]:
    """The objects that declared ones use and nobody declares, each with its first user."""
    return ((ref, min(users)) for ref, users in sorted(_users(edges, expected).items()))


def _users(edges: Iterable[Edge], expected: frozenset[Ref]) -> dict[Ref, list[Ref]]:
    users: dict[Ref, list[Ref]] = defaultdict(list)
    for edge in edges:
        dependency = edge.dependency
        made = (dependency.group, dependency.kind, dependency.name) in _MADE_BY_CONTROLLERS
        if dependency in expected and not made and dependency.group_kind not in classes.OF_PODS:
            users[dependency].append(edge.dependent)
    return users


def _origin(blueprint: Blueprint, ref: Ref) -> Origin | None:
    manifest = blueprint.manifests.get(ref)
    return manifest.origin if manifest else None
