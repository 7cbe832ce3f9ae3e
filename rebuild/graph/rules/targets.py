"""An autoscaler without its target backs off, and a disruption budget protects only the pods that are there: both
converge, later and with noise. An autoscaler's target is any kind with a scale subresource.

A VerticalPodAutoscaler is a custom resource and is read as such, by `custom_refs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import dig
from rebuild.model.refs import Ref


def edges_from(index: Index) -> Iterator[Edge]:
    """HorizontalPodAutoscaler -> its target; PodDisruptionBudget -> workloads that it protects: EXISTS, soft."""
    for item in index.of_kind("autoscaling", "HorizontalPodAutoscaler"):
        target = dig(item.body, "spec", "scaleTargetRef")
        group = text(target, "apiVersion").rpartition("/")[0]
        declared = index.find(group, text(target, "kind"), item.ref.namespace, text(target, "name"))
        if declared:
            yield _edge(item.ref, declared, "scales it")
    for item in index.of_kind("policy", "PodDisruptionBudget"):
        for workload in index.workloads_matching(item.ref.namespace, dig(item.body, "spec", "selector")):
            yield _edge(item.ref, workload.ref, "protects its pods")


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "targets")
