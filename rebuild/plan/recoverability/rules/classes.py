"""A class that is named and not declared has to be brought by whoever makes the new cluster, or nobody acts on it.

A claim then stays Pending, and nothing routes to an Ingress or a Gateway. (Pods that name a PriorityClass or a
RuntimeClass are told of as undeclared references.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig_maps
from rebuild.plan.recoverability import wording

_STORAGE, _INGRESS = ("storage.k8s.io", "StorageClass"), ("networking.k8s.io", "IngressClass")
_GATEWAY = ("gateway.networking.k8s.io", "GatewayClass")


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for all classes."""
    users: dict[tuple[str, str, str], list[Manifest]] = defaultdict(list)
    for item, group, kind, name in _named(index):
        if name and index.find(group, kind, "", name) is None:
            users[group, kind, name].append(item)
    if users:
        first = min(users)
        named = [f"{kind} {name}" for _, kind, name in sorted(users)]
        yield Finding(
            "class-undeclared",
            Severity.WARNING,
            f"{wording.some(named)} {'is' if len(named) == 1 else 'are'} named here and declared nowhere",
            users[first][0].ref,
            users[first][0].origin,
            "declare it, or make sure that the new cluster brings it",
        )


def _named(index: Index) -> Iterator[tuple[Manifest, str, str, str]]:
    for claim in index.of_kind("", "PersistentVolumeClaim"):
        if not text(claim.body, "spec", "volumeName"):
            yield claim, *_STORAGE, text(claim.body, "spec", "storageClassName")
    for sts in index.of_kind("apps", "StatefulSet"):
        for template in dig_maps(sts.body, "spec", "volumeClaimTemplates"):
            yield sts, *_STORAGE, text(template, "spec", "storageClassName")
    for ingress in index.of_kind("networking.k8s.io", "Ingress"):
        yield ingress, *_INGRESS, text(ingress.body, "spec", "ingressClassName")
    for gateway in index.of_kind("gateway.networking.k8s.io", "Gateway"):
        yield gateway, *_GATEWAY, text(gateway.body, "spec", "gatewayClassName")
