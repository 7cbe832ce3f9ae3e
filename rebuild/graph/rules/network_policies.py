"""A pod that starts before the policy that selects it talks and listens without any restriction, and connections
that it opened by then may outlive the policy (what becomes of them is left to the network plugin).

Order alone: a policy that cannot be written must not keep an environment down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph import fans
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import dig
from rebuild.model.refs import Ref


def edges_from(index: Index) -> Iterator[Edge]:
    """Workload -> the NetworkPolicies that select its pods: EXISTS, soft.

    Policies with one selector, and workloads with the same policies, are taken together.
    """
    policies: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    selecting: dict[Ref, list[tuple[str, str]]] = defaultdict(list)
    for item in index.of_kind("networking.k8s.io", "NetworkPolicy"):
        # A selector that is left out is an empty one, and that selects every pod of the namespace.
        selector = dig(item.body, "spec", "podSelector") or {}
        alike = item.ref.namespace, repr(selector)
        if alike not in policies:
            for workload in index.workloads_matching(item.ref.namespace, selector):
                selecting[workload.ref].append(alike)
        policies[alike].append(item.ref)
    waits: dict[tuple[tuple[str, str], ...], dict[Ref, str]] = defaultdict(dict)
    for workload_ref, found in selecting.items():
        waits[tuple(found)][workload_ref] = "restricts what its pods may talk to"
    for found_together, together in waits.items():
        yield from fans.edges(
            together,
            [policy for alike in found_together for policy in policies[alike]],
            gate=Gate.EXISTS,
            strength=Strength.SOFT,
            members=Strength.SOFT,
            rule="network_policies",
        )
