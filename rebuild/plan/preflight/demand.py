"""What declared objects use of a quota, at least: in the terms of a ResourceQuota, as its evaluators count
(pkg/quota/v1/evaluator/core of Kubernetes).

What runs in its own time (CronJobs) or on an unknown number of nodes (DaemonSets, which count once) and what operators
make is more than can be told. Must not judge: what is too much is for the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from rebuild.graph.fields import text
from rebuild.graph.index import Workload
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.verify import quantities

Amounts: TypeAlias = Mapping[str, Decimal]
"""How much, by resource."""

_PLAIN = ("cpu", "memory", "ephemeral-storage")
"""The requests that a quota may name without `requests.`; so it may those of huge pages."""
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def of_pod(pod: Body, ranges: Sequence[Body]) -> Amounts:
    """What one pod counts for, with what the LimitRanges of its namespace fill in."""
    entries = (entry for body in ranges for entry in dig_maps(body, "spec", "limits"))
    defaults = [entry for entry in entries if entry.get("type") == "Container"]
    requests, limits = _of_all(pod, defaults)
    asked, limited = amounts(pod, "resources", "requests"), amounts(pod, "resources", "limits")
    requests = {**limited, **requests, **asked}
    limits = {**limits, **limited}
    requests = _sum(requests, amounts(pod, "overhead"))
    named = {name: value for name, value in requests.items() if name in _PLAIN or name.startswith("hugepages-")}
    return {
        "pods": Decimal(1),
        "count/pods": Decimal(1),
        **named,
        **{f"requests.{name}": value for name, value in requests.items()},
        **{f"limits.{name}": value for name, value in limits.items()},
    }


def of_claim(claim: Body) -> Amounts:
    """What one PersistentVolumeClaim, or one made of this template, counts for."""
    storage = amounts(claim, "spec", "resources", "requests").get("storage", Decimal(0))
    used = {"persistentvolumeclaims": Decimal(1), "requests.storage": storage}
    name = text(claim, "metadata", "annotations", _CLASS_ANNOTATION) or text(claim, "spec", "storageClassName")
    of_class = {f"{name}.storageclass.storage.k8s.io/{key}": value for key, value in used.items()} if name else {}
    return {**used, **of_class, "count/persistentvolumeclaims": Decimal(1)}


def claims_of(workload: Workload, item: Manifest) -> Iterator[Body]:
    """The templates of the claims that each pod of a workload gets for itself."""
    if item.ref.group_kind == ("apps", "StatefulSet"):
        yield from dig_maps(item.body, "spec", "volumeClaimTemplates")
    for volume in dig_maps(workload.pod, "volumes"):
        template = dig(volume, "ephemeral", "volumeClaimTemplate")
        if isinstance(template, dict):
            yield template


def of_object(item: Manifest, kind: Kind) -> Amounts:
    """What an object itself counts for, pods and claims apart."""
    used = {f"count/{kind.plural}.{kind.group}" if kind.group else f"count/{kind.plural}": 1}
    if not kind.group:
        used[kind.plural] = 1
    if item.ref.group_kind == ("", "Service"):
        sort, ports = text(item.body, "spec", "type"), len(list(dig_maps(item.body, "spec", "ports")))
        balanced = sort == "LoadBalancer"
        allocates = balanced and dig(item.body, "spec", "allocateLoadBalancerNodePorts") is not False
        used |= {"services.loadbalancers": int(balanced)}
        used |= {"services.nodeports": ports if sort == "NodePort" or allocates else 0}
    return {name: Decimal(count) for name, count in used.items()}


def pods_of(item: Manifest, bounds: tuple[int, int] | None) -> int:
    """How many pods a workload makes at least, at one time.

    Args:
        item: the workload.
        bounds: the fewest and most replicas that a HorizontalPodAutoscaler lets it have, if one scales it.
    """
    spec = dig(item.body, "spec")
    match item.ref.kind:
        case "CronJob":
            return 0
        case "Job":
            suspended = dig(spec, "suspend") is True
            return 0 if suspended else min(whole(dig(spec, "parallelism"), 1), whole(dig(spec, "completions"), 1))
        case "Pod" | "DaemonSet":
            return 1
    replicas = whole(dig(spec, "replicas"), 1)
    return min(max(replicas, bounds[0]), bounds[1]) if bounds and replicas else replicas


def whole(value: Any, otherwise: int) -> int:
    """A number of things, or what counts where there is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _of_all(pod: Body, defaults: Sequence[Body]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The requests and limits of all containers: those that run together, or the one init container that takes more."""
    together = [_of_container(each, defaults) for each in dig_maps(pod, "containers")]
    beside: list[tuple[dict[str, Decimal], dict[str, Decimal]]] = []
    peaks = []
    for each in dig_maps(pod, "initContainers"):
        used = _of_container(each, defaults)
        peaks.append([*beside, used])
        if each.get("restartPolicy") == "Always":
            beside.append(used)
    ways = [[*together, *beside], *peaks]
    requests, limits = ([_sum(*(used[side] for used in way)) for way in ways] for side in (0, 1))
    return _most(requests), _most(limits)


def _of_container(container: Body, defaults: Sequence[Body]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The requests and limits of a container, with what the API server and LimitRanges fill in."""
    limits = amounts(container, "resources", "limits")
    requests = {**limits, **amounts(container, "resources", "requests")}
    for entry in defaults:
        limited = {**amounts(entry, "max"), **amounts(entry, "default")}
        limits = {**limited, **limits}
        requests = {**amounts(entry, "min"), **limited, **amounts(entry, "defaultRequest"), **requests}
    return requests, limits


def amounts(body: Any, *path: str) -> dict[str, Decimal]:
    """The quantities by name at a path; what is none is passed over."""
    found = dig(body, *path)
    read = ((name, _quantity(value)) for name, value in found.items()) if isinstance(found, dict) else ()
    return {name: value for name, value in read if isinstance(name, str) and value is not None}


def _quantity(value: Any) -> Decimal | None:
    try:
        return quantities.parse(value)
    except ValueError:
        return None


def _sum(*parts: Amounts) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, Decimal(0)) + value
    return total


def _most(ways: Sequence[Amounts]) -> dict[str, Decimal]:
    return {name: max(way.get(name, Decimal(0)) for way in ways) for name in dict.fromkeys(n for w in ways for n in w)}
