"""How long is left once an object has been sent: of those that may leave, the longest tail goes first.

The numbers only have to put objects in a good order, and to size a prediction until a run has measured
better ones. Must not decide what may leave: that is for the gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from rebuild.model.edges import Edge, Gate
from rebuild.model.groups import is_group
from rebuild.model.refs import Ref

WRITE = 0.01
"""Seconds from sending an object until it exists: one server-side apply."""

PRIORS: Mapping[tuple[str, str], float] = {
    ("", "Namespace"): 0.1,  # Active at creation
    ("", "PersistentVolume"): 0.5,  # the volume controller makes it Available
    ("", "PersistentVolumeClaim"): 5.0,  # a provisioner makes a volume
    ("", "Pod"): 10.0,  # scheduled, images pulled, probes passed
    ("", "ReplicationController"): 15.0,
    ("", "Service"): 0.5,  # an address; minutes for a cloud's load balancer
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 0.5,  # Established
    ("apiregistration.k8s.io", "APIService"): 2.0,  # probed by the aggregator
    ("apps", "DaemonSet"): 15.0,
    ("apps", "Deployment"): 15.0,
    ("apps", "ReplicaSet"): 15.0,
    ("apps", "StatefulSet"): 30.0,  # its pods start one after the other
    ("autoscaling", "HorizontalPodAutoscaler"): 15.0,  # one metrics interval
    ("batch", "Job"): 20.0,  # READY means complete
    ("networking.k8s.io", "Ingress"): 5.0,  # its controller writes an address
    ("policy", "PodDisruptionBudget"): 1.0,  # its controller observes it
}
"""Seconds from the write until the object is usually READY. What is not named is READY once it exists."""

CUSTOM = 10.0
"""The same for a custom resource, whose operator has to act on it."""


def prior(ref: Ref) -> float:
    """Seconds from the write of an object until it is usually READY, before anything was measured.

    Groups with a dot belong to extensions, except those under k8s.io, which are Kubernetes' own.
    """
    custom = "." in ref.group and not ref.group.endswith(".k8s.io")
    return PRIORS.get(ref.group_kind, CUSTOM if custom else 0.0)


def tails(refs: Iterable[Ref], edges: Sequence[Edge], seconds: Callable[[Ref], float] = prior) -> dict[Ref, float]:
    """Seconds from the sending of each object until it and all that waits for it are READY.

    The longer of its own readiness and the longest way through a dependent: until the gate of the edge opens,
    and from there the dependent's own tail. Ways lead through groups, which take no time. The edges must not form
    a loop. `seconds` tells how long an object takes from its write until it is READY.
    """
    declared = dict.fromkeys(refs)
    result = {ref: WRITE + seconds(ref) for ref in declared}
    result |= {end: 0.0 for edge in edges for end in (edge.dependent, edge.dependency) if is_group(end)}
    ahead: dict[Ref, list[Edge]] = {ref: [] for ref in result}
    behind = dict.fromkeys(result, 0)
    for edge in edges:
        if edge.dependency in behind:
            ahead[edge.dependent].append(edge)
            behind[edge.dependency] += 1
    # A tail is final once those of all that wait for it are.
    final = [ref for ref, count in behind.items() if not count]
    for ref in final:
        for edge in ahead[ref]:
            dependency = edge.dependency
            result[dependency] = max(result[dependency], until_open(edge, seconds) + result[ref])
            behind[dependency] -= 1
            if not behind[dependency]:
                final.append(dependency)
    return {ref: result[ref] for ref in declared}


def until_open(edge: Edge, seconds: Callable[[Ref], float] = prior) -> float:
    """Seconds from the sending of the dependency, or from the opening of a group, until the gate of the edge opens."""
    if is_group(edge.dependency):
        return 0.0
    return WRITE if edge.gate is Gate.EXISTS else WRITE + seconds(edge.dependency)
