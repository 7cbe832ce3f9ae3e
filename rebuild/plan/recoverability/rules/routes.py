"""Two Ingresses for one host and path: which of them answers hangs on the controller, and on which one came first.

In a rebuilt cluster another one may come first. A canary shares its route on purpose, and is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig, dig_maps
from rebuild.plan.recoverability import wording

_CANARY = "nginx.ingress.kubernetes.io/canary"
_CLASS = "kubernetes.io/ingress.class"


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for each host and path of one class that several Ingresses own."""
    owners: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for ingress in index.of_kind("networking.k8s.io", "Ingress"):
        if dig(ingress.body, "metadata", "annotations", _CANARY) != "true":
            for route in dict.fromkeys(_routes(ingress)):
                owners[route].append(ingress)
    for (_, shared), items in sorted(owners.items()):
        if len(items) > 1:
            yield Finding(
                "route-collision",
                Severity.WARNING,
                f"{wording.listed(items)} own the route {shared}: which of them answers may change",
                items[1].ref,
                items[1].origin,
                "let one of them own it",
            )


def _routes(ingress: Manifest) -> Iterator[tuple[str, str]]:
    """Class, and host with path and how it matches."""
    name = text(ingress.body, "spec", "ingressClassName") or text(ingress.body, "metadata", "annotations", _CLASS)
    for rule in dig_maps(ingress.body, "spec", "rules"):
        for path in dig_maps(rule, "http", "paths"):
            host = text(rule, "host") or "(any host)"
            yield name, f"{host}{text(path, 'path') or '/'} ({text(path, 'pathType')})"
