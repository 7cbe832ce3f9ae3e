"""A ResourceQuota that is too small for what is declared beside it: what comes last is refused, and waits without end.

Only what this plan sends or keeps is counted, so more than this may be needed. Offline the declared quotas count, with
a target those that are there as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from rebuild.graph import scopes
from rebuild.graph.index import Workload
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Body, Manifest, Origin, dig
from rebuild.model.refs import Ref
from rebuild.plan.preflight import demand
from rebuild.plan.preflight.facts import Facts
from rebuild.plan.snapshot import ref_of
from rebuild.plan.steps import Action
from rebuild.verify import controllers

_BYTES = ("memory", "storage", "hugepages")
_UNITS = (("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10))


class _Use(Struct, frozen=True):
    """What an object takes of the quotas of its namespace; `workload` where it is pods that do."""

    origin: Origin
    amounts: demand.Amounts
    times: int = 1
    workload: Workload | None = None


def findings_from(facts: Facts) -> Iterator[Finding]:
    """Warnings: one for each quota, with each resource of which more is asked for than it allows."""
    quotas = sorted(_both(facts, "ResourceQuota"), key=lambda each: each[0])
    if not quotas:
        return
    ranges: dict[str, list[Body]] = defaultdict(list)
    for ref, body in sorted(_both(facts, "LimitRange"), key=lambda each: each[0]):
        ranges[ref.namespace].append(body)
    uses = _uses(facts, frozenset(ref.namespace for ref, _ in quotas), ranges)
    for ref, quota in quotas:
        mine = [use for use in uses.get(ref.namespace, ()) if _counts(quota, use, ranges.get(ref.namespace, ()))]
        over = [
            f"{name} {_shown(name, used)} of {_shown(name, hard)}"
            for name, hard in sorted(demand.amounts(quota, "spec", "hard").items())
            if (used := sum((use.times * use.amounts.get(name, Decimal(0)) for use in mine), Decimal(0))) > hard
        ]
        if over:
            item = facts.index.get(ref)
            yield Finding(
                "quota-exceeded",
                Severity.WARNING,
                f"what is declared for the namespace {ref.namespace} takes more than {ref} allows: {', '.join(over)}",
                ref,
                item.origin if item else mine[0].origin,
                "raise the quota, or ask for less: what comes last is refused",
            )


def _both(facts: Facts, kind: str) -> Iterator[tuple[Ref, Body]]:
    """The declared objects of a kind, and those that are there and not declared."""
    yield from ((item.ref, item.body) for item in facts.index.of_kind("", kind))
    for body in facts.live.of_kind("", kind):
        ref = ref_of(body)
        if facts.index.get(ref) is None:
            yield ref, body


def _uses(
    facts: Facts, namespaces: frozenset[str], ranges: Mapping[str, Sequence[Body]]
) -> Mapping[str, Sequence[_Use]]:
    """What is declared in these namespaces and will be there, in order."""
    bounds = _bounds(facts)
    found: dict[str, list[_Use]] = defaultdict(list)
    for ref, step in facts.steps.items():
        if ref.namespace in namespaces and step.action not in (Action.FAIL, Action.HOLD_BACK):
            found[ref.namespace] += _uses_of(step.manifest, facts, bounds.get(ref), ranges.get(ref.namespace, ()))
    return found


def _uses_of(item: Manifest, facts: Facts, bounds: tuple[int, int] | None, ranges: Sequence[Body]) -> Iterator[_Use]:
    workload = Workload.of(item)
    if workload:
        pods = demand.pods_of(item, bounds)
        yield _Use(item.origin, demand.of_pod(workload.pod, ranges), pods, workload)
        yield from (_Use(item.origin, demand.of_claim(claim), pods) for claim in demand.claims_of(workload, item))
    if item.ref.group_kind == ("", "PersistentVolumeClaim"):
        yield _Use(item.origin, demand.of_claim(item.body))
    elif item.ref.group_kind != ("", "Pod") and (kind := facts.index.kinds.of(item.ref)):
        yield _Use(item.origin, demand.of_object(item, kind))


def _counts(quota: Body, use: _Use, ranges: Sequence[Body]) -> bool:
    if use.workload:
        return scopes.hold(quota, use.workload, defaulted=bool(ranges))
    return not scopes.of(quota)


def _bounds(facts: Facts) -> Mapping[Ref, tuple[int, int]]:
    """The fewest and most replicas of each object that a declared HorizontalPodAutoscaler scales."""
    found: dict[Ref, tuple[int, int]] = {}
    for item in facts.index.of_kind("autoscaling", "HorizontalPodAutoscaler"):
        fewest = demand.whole(dig(item.body, "spec", "minReplicas"), 1)
        most = max(demand.whole(dig(item.body, "spec", "maxReplicas"), fewest), fewest)
        found |= dict.fromkeys(controllers.scaled_by([item.body]), (fewest, most))
    return found


def _shown(name: str, value: Decimal) -> str:
    """A quantity for people: bytes in the largest unit that fits, parts of a core in thousandths."""
    if any(word in name for word in _BYTES) and value and value % 1024 == 0:
        unit, power = next((unit, power) for unit, power in _UNITS if value % 2**power == 0)
        return f"{value // 2**power:f}{unit}"
    if value % 1:
        return f"{(value * 1000).normalize():f}m"
    return f"{value.to_integral_value():f}"
