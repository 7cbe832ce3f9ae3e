"""A Git host or a registry that runs in the lost cluster is lost with it, and the rebuild would need it first.

Only what is sure is told: an address inside of the cluster, or a host that a declared Ingress serves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.plan.recoverability import wording
from rebuild.plan.recoverability.rules import remote_sources

_INSIDE = re.compile(r"[a-z0-9.-]+\.svc(\.cluster\.local)?")
_CONTAINERS = ("initContainers", "containers")


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for each host."""
    served = {
        text(rule, "host"): ingress.ref
        for ingress in index.of_kind("networking.k8s.io", "Ingress")
        for rule in dig_maps(ingress.body, "spec", "rules")
    }
    users: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for ref, host, what in dict.fromkeys((*_images(index), *_sources(index))):
        if host and (host in served or _INSIDE.fullmatch(host)):
            users[host, what].append(ref)
    for (host, what), refs in sorted(users.items()):
        item, behind = index.get(refs[0]), served.get(host)
        where = f"which {behind} serves from inside" if behind else "which is inside"
        yield Finding(
            "needs-itself",
            Severity.WARNING,
            f"{wording.listed(refs)} {'needs' if len(refs) == 1 else 'need'} the {what} {host}, {where} the cluster to"
            " be rebuilt",
            refs[0],
            item.origin if item else None,
            "keep a copy outside of the cluster, and name that in a recovery",
        )


def _images(index: Index) -> Iterator[tuple[Ref, str, str]]:
    for workload in index.workloads:
        for container in (c for kind in _CONTAINERS for c in dig_maps(workload.pod, kind)):
            host, slash, _ = text(container, "image").partition("/")
            if slash and ("." in host or ":" in host):
                yield workload.ref, host.partition(":")[0], "registry"


def _sources(index: Index) -> Iterator[tuple[Ref, str, str]]:
    for kind in ("GitRepository", "HelmRepository", "OCIRepository"):
        for item in index.of_kind("source.toolkit.fluxcd.io", kind):
            yield item.ref, _host(text(item.body, "spec", "url")), "source"
    for item in index.of_kind("argoproj.io", "Application"):
        for address in sorted(remote_sources.addresses_of(dig(item.body, "spec"))):
            yield item.ref, _host(address), "source"


def _host(address: str) -> str:
    """The host of a URL, or of an address as scp writes it."""
    place = address.rpartition("//")[2].partition("/")[0].rpartition("@")[2]
    return place.partition(":")[0]
