"""Which pods a ResourceQuota counts: its scopes, read as Kubernetes' pod evaluator reads them
(pkg/quota/v1/evaluator/core/pods.go).

A quota without scopes counts all pods of its namespace, and one with any counts nothing but pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text, texts
from rebuild.graph.index import Workload
from rebuild.graph.selectors import matches
from rebuild.model.objects import Body, dig, dig_list, dig_maps


def of(quota: Body) -> list[Body]:
    """The scopes of a quota, the old form as what it stands for."""
    needs: list[Body] = [{"scopeName": name, "operator": "Exists"} for name in texts(quota, "spec", "scopes")]
    return [*needs, *dig_maps(quota, "spec", "scopeSelector", "matchExpressions")]


def hold(quota: Body, workload: Workload, *, defaulted: bool) -> bool:
    """Whether all scopes of a quota hold for the pods. `defaulted`: a LimitRange may fill in their requests."""
    return all(_holds(need, workload.pod, defaulted=defaulted) for need in of(quota))


def _holds(need: Body, pod: Body, *, defaulted: bool) -> bool:
    match scope := text(need, "scopeName"):
        case "Terminating" | "NotTerminating":
            return (dig(pod, "activeDeadlineSeconds") is not None) is (scope == "Terminating")
        case "BestEffort":
            return not (_asks_for_resources(pod) or defaulted)
        case "NotBestEffort":
            return _asks_for_resources(pod) or defaulted
        case "PriorityClass":
            name = text(pod, "priorityClassName")
            return matches({scope: name} if name else {}, {"matchExpressions": [{**need, "key": scope}]})
        case "CrossNamespacePodAffinity":
            return any(term.get("namespaces") or "namespaceSelector" in term for term in _affinity_terms(pod))
        case _:
            return False


def _asks_for_resources(pod: Body) -> bool:
    everywhere = [pod, *dig_maps(pod, "containers"), *dig_maps(pod, "initContainers")]
    given = (dig(place, "resources", field) for place in everywhere for field in ("requests", "limits"))
    return any(isinstance(each, dict) and each.keys() & {"cpu", "memory"} for each in given)


def _affinity_terms(pod: Body) -> Iterator[Body]:
    for kind in ("podAffinity", "podAntiAffinity"):
        yield from dig_maps(pod, "affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution")
        for weighed in dig_list(pod, "affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"):
            term = dig(weighed, "podAffinityTerm")
            if isinstance(term, dict):
                yield term
