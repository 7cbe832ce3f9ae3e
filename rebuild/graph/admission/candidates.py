"""Whom to ask about a request at all, found by what interceptors insist on and not by asking each of them.

Hundreds of configurations that each select a few objects would otherwise be asked about all objects. Each stands under
one thing that every request for it has to have: a label, a label of its namespace, or a resource, whichever fewest
others insist on. Must not decide who is called: a candidate is only worth asking.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from rebuild.graph.admission.interceptors import Interceptor
from rebuild.graph.admission.matching import Constraint, forms
from rebuild.graph.admission.requests import Request
from rebuild.graph.fields import pairs, text, texts
from rebuild.model.objects import Body, dig_maps

_Trait: TypeAlias = tuple[str, ...]
"""One thing that a request may have: what sort of thing, and which."""
_Traits: TypeAlias = frozenset[_Trait]
"""Of which a request has at least one."""


class Candidates:
    """An immutable collection of interceptors."""

    def __init__(self, interceptors: Iterable[Interceptor]) -> None:
        demands = {each: [*_demands(each)] for each in interceptors}
        # In how many demands a trait stands: a rare one leads to few.
        crowd = Counter(trait for alternatives in demands.values() for traits in alternatives for trait in traits)
        self._under: dict[_Trait, list[Interceptor]] = defaultdict(list)
        self._always: list[Interceptor] = []
        for each, alternatives in demands.items():
            if not alternatives:
                self._always.append(each)
                continue
            best = min(alternatives, key=lambda traits: (sum(crowd[trait] for trait in traits), sorted(traits)))
            for trait in best:
                self._under[trait].append(each)

    def of(self, request: Request) -> Iterable[Interceptor]:
        """All that may be called for a request, and few others."""
        found = (each for trait in _traits_of(request) for each in self._under.get(trait, ()))
        return dict.fromkeys((*self._always, *found))


def _traits_of(request: Request) -> Iterator[_Trait]:
    yield from (("label", *pair) for pair in request.labels.items())
    yield from (("namespace", *pair) for pair in request.namespace_labels.items())
    for group, _, plural in forms(request):
        yield "resource", group, plural
        yield "group", group
        if not request.namespace_labels:
            yield "cluster", group, plural
    if not request.namespace_labels:
        yield ("cluster",)


def _demands(interceptor: Interceptor) -> Iterator[_Traits]:
    """The sets of traits of each of which a request has to have one."""
    for constraint in interceptor.constraints:
        resources = _resources(constraint)
        if resources is not None:
            yield resources
        for pairs_in in _selected(constraint.object_selector):
            yield frozenset(("label", *pair) for pair in pairs_in)
        # What is in no namespace is not held back by a selector of namespaces.
        clusterwide = {("cluster", *trait[1:]) for trait in resources or () if trait[0] == "resource"}
        if resources is None or len(clusterwide) < len(resources):
            clusterwide = {("cluster",)}
        for pairs_in in _selected(constraint.namespace_selector):
            yield frozenset({*(("namespace", *pair) for pair in pairs_in), *clusterwide})


def _resources(constraint: Constraint) -> _Traits | None:
    """The resources that its rules name; None where one of them may mean any."""
    found: set[_Trait] = set()
    for rule in constraint.rules if constraint.rules is not None else ({"apiGroups": ["*"]},):
        groups = texts(rule, "apiGroups")
        if "*" in groups:
            return None
        found.update(trait for group in groups for trait in _in_group(group, rule))
    return frozenset(found)


def _in_group(group: str, rule: Body) -> Iterator[_Trait]:
    for entry in texts(rule, "resources"):
        plural = entry.partition("/")[0]
        yield ("group", group) if plural == "*" else ("resource", group, plural)


def _selected(selector: Any) -> Iterator[list[tuple[str, str]]]:
    """The pairs of labels of each of which, or of one of which, a selector wants to see."""
    for pair in pairs(selector, "matchLabels").items():
        yield [pair]
    for need in dig_maps(selector, "matchExpressions"):
        if text(need, "operator") == "In":
            yield [(text(need, "key"), value) for value in texts(need, "values")]
