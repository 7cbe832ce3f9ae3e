"""What a cluster held when the plan was made, and whether anybody else's things are in it. A value, not a cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from rebuild.model.blueprint import Blueprint
from rebuild.model.faults import Fault
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body, dig
from rebuild.model.refs import Ref

CONTEXT_KINDS = (
    ("", "Namespace"),
    ("", "Node"),
    ("", "Pod"),
    ("", "Service"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("storage.k8s.io", "StorageClass"),
)
"""Kinds that a plan looks at whether they are declared or not."""
KindVersion: TypeAlias = tuple[str, str, str]
"""Group, kind and version."""
_EVERY_CLUSTER = frozenset(
    {
        ("", "Namespace", "default"),
        ("", "Namespace", "kube-node-lease"),
        ("", "Namespace", "kube-public"),
        ("", "Namespace", "kube-system"),
    }
)
_EVERY_NAMESPACE = frozenset({("", "ServiceAccount", "default"), ("", "ConfigMap", "kube-root-ca.crt")})
_DEFAULT_NAMESPACE = frozenset(
    {
        ("", "Endpoints", "kubernetes"),
        ("", "Service", "kubernetes"),
        ("discovery.k8s.io", "EndpointSlice", "kubernetes"),
    }
)


def ref_of(body: Body) -> Ref:
    """The identity of a live object."""
    metadata = body.get("metadata") or {}
    return Ref.of(body["apiVersion"], body["kind"], metadata.get("namespace") or "", metadata["name"])


def version_of(body: Body) -> int:
    """A live object's resourceVersion, which Kubernetes defines as comparable decimal numbers (KEP-5504)."""
    return number(str(dig(body, "metadata", "resourceVersion") or ""))


def number(resource_version: str) -> int:
    """A resourceVersion as a number; 0 for a server whose versions are something else, or beyond 64 bits."""
    found = int(resource_version) if resource_version.isdecimal() and len(resource_version) <= 20 else 0
    return found if found < 2**64 else 0


def kinds_to_list(
    blueprint: Blueprint, known: Kinds, also: Collection[tuple[str, str]] = ()
) -> Iterator[tuple[Kind, str]]:
    """Which kinds a plan has to look at, and `also` these, each in the versions declared, or in the preferred one."""
    wanted = dict.fromkeys((m.ref.group, m.ref.kind, m.ref.version) for m in blueprint)
    declared = {(group, kind) for group, kind, _ in wanted}
    for group, kind, version in wanted:
        if found := known.get(group, kind):
            yield found, version
    for group, kind in dict.fromkeys((*CONTEXT_KINDS, *sorted(also))):
        if (group, kind) not in declared and (found := known.get(group, kind)):
            yield found, found.versions[0]


class Snapshot:
    """Live objects by ref, each in the version it was asked for, and why there are none of the kinds not readable."""

    def __init__(self, items: Iterable[Body], unread: Mapping[KindVersion, Fault] = MappingProxyType({})) -> None:
        self._items = {(ref, ref.version): body for body in items if (ref := ref_of(body))}
        self.unread = unread

    def get(self, ref: Ref) -> Body | None:
        """The live object in the ref's own version."""
        return self._items.get((ref, ref.version))

    def why_unread(self, ref: Ref) -> Fault | None:
        """Why it cannot be known whether an object lives, or None where it can."""
        return self.unread.get((ref.group, ref.kind, ref.version))

    def of_kind(self, group: str, kind: str) -> Iterator[Body]:
        """The live objects of a kind."""
        return (body for (ref, _), body in self._items.items() if ref.group_kind == (group, kind))

    def bodies(self) -> Iterator[Body]:
        """All live objects that were read, one of them in several versions if it is declared so."""
        return iter(self._items.values())

    def strangers(self, baseline_namespaces: frozenset[str]) -> list[Ref]:
        """What a fresh cluster would not hold: namespaces, CRDs, and anything of a listed kind in `default`."""
        refs = sorted({ref for ref, _ in self._items})
        return [ref for ref in refs if not _belongs(ref, baseline_namespaces)]


def _belongs(ref: Ref, baseline_namespaces: frozenset[str]) -> bool:
    name = (ref.group, ref.kind, ref.name)
    if ref.group_kind == ("", "Namespace"):
        return name in _EVERY_CLUSTER or ref.name in baseline_namespaces
    if ref.group_kind == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return False
    if ref.namespace == "default":
        return name in _EVERY_NAMESPACE or name in _DEFAULT_NAMESPACE or ref.kind == "Event"
    return True
