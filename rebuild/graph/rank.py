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
    places = {ref: place for place, ref in enumerate(dict.fromkeys(refs))}
    # Of a declared object until it exists, and until it is READY; of a group, nothing.
    exists, ready = [WRITE] * len(places), [WRITE + seconds(ref) for ref in places]
    declared = list(places)
    for edge in edges:
        for end in (edge.dependent, edge.dependency):
            if is_group(end) and end not in places:
                places[end] = len(places)
                exists.append(0.0)
                ready.append(0.0)
    longest = ready.copy()
    ahead: list[list[tuple[int, float]]] = [[] for _ in places]
    behind = [0] * len(places)
    for edge in edges:
        place = places.get(edge.dependency)
        if place is not None:
            until_open = exists[place] if edge.gate is Gate.EXISTS else ready[place]
            ahead[places[edge.dependent]].append((place, until_open))
            behind[place] += 1
    # A tail is final once those of all that wait for it are.
    final = [place for place, count in enumerate(behind) if not count]
    for here in final:
        for place, until_open in ahead[here]:
            longest[place] = max(longest[place], until_open + longest[here])
            behind[place] -= 1
            if not behind[place]:
                final.append(place)
    return dict(zip(declared, longest, strict=False))
