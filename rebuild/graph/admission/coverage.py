"""Who is called for which request, without asking everybody about every request.

Interceptors look at few things: a resource, and those labels and names that their selectors mention. Requests that
agree in these share one answer, so what is asked grows with the declarations of the interceptors and not with the
number of objects: a webhook that matches everything costs one look-up for each object.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from rebuild.graph.admission import conditions
from rebuild.graph.admission.candidates import Candidates
from rebuild.graph.admission.interceptors import Answer, Interceptor
from rebuild.graph.admission.matching import Constraint
from rebuild.graph.admission.requests import UNKNOWN, Request
from rebuild.graph.fields import pairs, text, texts
from rebuild.model.objects import dig_maps
from rebuild.model.refs import Ref

_Footprint: TypeAlias = tuple[object, ...]


class Called(Struct, frozen=True, eq=False):
    """Who is called for a request. One value serves all requests that share the answer."""

    certain: frozenset[Interceptor]
    possible: frozenset[Interceptor]
    """Those who may be called as well, which depends on what nobody can know beforehand."""
    sources: frozenset[Ref]
    """The configurations and bindings of all of them."""


class Coverage:
    """Answers for a fixed set of interceptors. `asked` counts how often one of them was asked about a request."""

    def __init__(self, interceptors: Iterable[Interceptor]) -> None:
        self.interceptors = tuple(interceptors)
        self.asked = 0
        constraints = [each for interceptor in self.interceptors for each in interceptor.constraints]
        self._labels = _mentioned(each.object_selector for each in constraints)
        self._namespace_labels = _mentioned(each.namespace_selector for each in constraints)
        self._texts = _texts(self.interceptors, constraints)
        self._candidates = Candidates(self.interceptors)
        self._known: dict[_Footprint, Called] = {}

    def called_for(self, request: Request) -> Called:
        """Who is called for a request."""
        footprint = self._footprint(request)
        called = self._known.get(footprint)
        if called is None:
            called = self._known[footprint] = self._ask(request)
        return called

    def _ask(self, request: Request) -> Called:
        answers = {each: each.answer(request) for each in self._candidates.of(request)}
        self.asked += len(answers)
        certain = frozenset(each for each, answer in answers.items() if answer is Answer.CALLED)
        possible = frozenset(each for each, answer in answers.items() if answer is Answer.MAYBE)
        return Called(certain, possible, frozenset(each.source for each in certain | possible))

    def _footprint(self, request: Request) -> _Footprint:
        return (
            request.kind.group,
            request.version,
            request.kind.plural,
            self._told(request.name),
            self._told(request.namespace),
            _projected(request.labels, self._labels),
            _projected(request.namespace_labels, self._namespace_labels) if request.namespace_labels else None,
        )

    def _told(self, value: str) -> str:
        return value if not value or value in self._texts else UNKNOWN


def _texts(interceptors: Iterable[Interceptor], constraints: Iterable[Constraint]) -> frozenset[str]:
    """All that names and namespaces may be compared with."""
    expressions = (expression for interceptor in interceptors for expression in interceptor.conditions)
    mentioned = (conditions.literals(expression) for expression in expressions)
    return frozenset().union(*mentioned, *(constraint.names for constraint in constraints))


def _mentioned(selectors: Iterable[Any]) -> dict[str, set[str]]:
    """The label keys that selectors ask for, with the values that they compare."""
    mentioned: dict[str, set[str]] = defaultdict(set)
    for selector in selectors:
        for key, value in pairs(selector, "matchLabels").items():
            mentioned[key].add(value)
        for need in dig_maps(selector, "matchExpressions"):
            mentioned[text(need, "key")].update(texts(need, "values"))
    return mentioned


def _projected(labels: Mapping[str, str], mentioned: Mapping[str, set[str]]) -> tuple[tuple[str, str], ...]:
    """What selectors can see of labels: a value that none of them compares is as good as any other."""
    return tuple(
        (key, labels[key] if labels[key] in values else UNKNOWN) for key, values in mentioned.items() if key in labels
    )
