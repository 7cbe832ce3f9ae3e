"""A pod that starts before the policy that selects it talks and listens without any restriction, and connections
that it opened by then may outlive the policy (what becomes of them is left to the network plugin).

Order alone: a policy that cannot be written must not keep an environment down.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import dig


def edges_from(index: Index) -> Iterator[Edge]:
    """Workload -> the NetworkPolicies that select its pods: EXISTS, soft."""
    for item in index.of_kind("networking.k8s.io", "NetworkPolicy"):
        selector = dig(item.body, "spec", "podSelector")
        # A selector that is left out is an empty one, and that selects every pod of the namespace.
        for workload in index.workloads_matching(item.ref.namespace, {} if selector is None else selector):
            why = "restricts what its pods may talk to"
            yield Edge(workload.ref, item.ref, Gate.EXISTS, Strength.SOFT, why, "network_policies")
