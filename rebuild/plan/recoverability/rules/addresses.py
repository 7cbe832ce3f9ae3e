"""Two objects cannot have one port or one address: in a new cluster the second one is refused or stays pending.

In the lost cluster one of the two may have been gone, or have had another value by a change that nobody committed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rebuild.graph.fields import text
from rebuild.graph.index import Index, Workload
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.plan.recoverability import wording

_NO_ADDRESS = ("", "None")
_SHARING = ("metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip", "lbipam.cilium.io/sharing-key")


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for each port or address that several objects claim."""
    addresses: dict[str, list[Ref]] = defaultdict(list)
    ports: dict[str, list[Ref]] = defaultdict(list)
    for service in index.of_kind("", "Service"):
        for what in _addresses(service):
            addresses[what].append(service.ref)
        for what in dict.fromkeys(_node_ports(service)):
            ports[what].append(service.ref)
    for workload in index.workloads:
        if workload.ref.group_kind == ("apps", "DaemonSet") and not _is_placed(workload):
            for what in dict.fromkeys(_host_ports(workload)):
                ports[what].append(workload.ref)
    for what, refs in sorted(addresses.items()):
        if len(refs) > 1:
            yield _finding(index, "address-collision", what, refs)
    for what, refs in sorted(ports.items()):
        if len(refs) > 1:
            yield _finding(index, "port-collision", what, refs)


def _addresses(service: Manifest) -> Iterator[str]:
    body = service.body
    if text(body, "spec", "clusterIP") not in _NO_ADDRESS:
        yield f"the address {text(body, 'spec', 'clusterIP')} of the cluster"
    balanced = text(body, "spec", "loadBalancerIP") if text(body, "spec", "type") == "LoadBalancer" else ""
    if balanced and not any(dig(body, "metadata", "annotations", key) for key in _SHARING):
        yield f"the address {balanced} of a load balancer"


def _node_ports(service: Manifest) -> Iterator[str]:
    for port in dig_maps(service.body, "spec", "ports"):
        if isinstance(port.get("nodePort"), int) and port["nodePort"] > 0:
            yield f"the port {port['nodePort']}/{text(port, 'protocol') or 'TCP'} of all nodes"


def _is_placed(workload: Workload) -> bool:
    """Whether its Pods are not on every node, so that they may never meet others."""
    return bool(dig(workload.pod, "nodeSelector") or dig(workload.pod, "affinity"))


def _host_ports(workload: Workload) -> Iterator[str]:
    shared = dig(workload.pod, "hostNetwork") is True
    for container in dig_maps(workload.pod, "containers"):
        for port in dig_maps(container, "ports"):
            number = port.get("hostPort") or (port.get("containerPort") if shared else None)
            if isinstance(number, int) and not text(port, "hostIP"):
                yield f"the port {number}/{text(port, 'protocol') or 'TCP'} of every node"


def _finding(index: Index, code: str, what: str, refs: Sequence[Ref]) -> Finding:
    item = index.get(refs[1])
    return Finding(
        code,
        Severity.WARNING,
        f"{wording.listed(refs)} claim {what}, which only one can have",
        refs[1],
        item.origin if item else None,
        "let one of them have another",
    )
