"""All rules of the preflight, and the kinds that they have to know of a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rebuild.graph.index import TEMPLATES
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding
from rebuild.plan.preflight.facts import Facts
from rebuild.plan.preflight.rules import classes, ownership, quotas

RULES = (classes, ownership, quotas)
_OF_QUOTAS = (("", "LimitRange"), ("", "ResourceQuota"))
_CLAIM = ("", "PersistentVolumeClaim")


def findings(facts: Facts) -> Iterator[Finding]:
    """What stands in the way of this plan."""
    for rule in RULES:
        yield from rule.findings_from(facts)


def kinds_to_know(blueprint: Blueprint, edges: Iterable[Edge]) -> frozenset[tuple[str, str]]:
    """The kinds whose live objects the rules look at, by group and kind: those that these declarations call for."""
    named = {(group, kind) for _, group, kind, name in classes.named(blueprint, edges) if name}
    counted = any(item.ref.group_kind in TEMPLATES or item.ref.group_kind == _CLAIM for item in blueprint)
    return frozenset(named | set(_OF_QUOTAS if counted else ()))
