"""Things with labels, found by selector without looking at each of them: what keeps selecting rules linear.

Must not know any kind. A selector that names something positive (a pair, a key) looks at the things under the
rarest of these only; the answer to each selector is kept, since templates repeat them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from rebuild.graph.fields import pairs, text, texts
from rebuild.graph.selectors import matches
from rebuild.model.objects import dig_maps

Thing = TypeVar("Thing")


class Shelf(Generic[Thing]):
    """An immutable collection; what it gives is in the order in which it was put there."""

    def __init__(self, things: Iterable[tuple[Mapping[str, str], Thing]]) -> None:
        self._things = list(things)
        self._under: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._with_key: dict[str, list[int]] = defaultdict(list)
        self._answers: dict[str, list[Thing]] = {}
        for place, (labels, _) in enumerate(self._things):
            for pair in labels.items():
                self._under[pair].append(place)
                self._with_key[pair[0]].append(place)

    def __iter__(self) -> Iterator[Thing]:
        return (thing for _, thing in self._things)

    def matching(self, selector: Any) -> list[Thing]:
        """What a `metav1.LabelSelector` selects."""
        question = repr(selector)
        if question not in self._answers:
            self._answers[question] = [
                self._things[place][1]
                for place in self._candidates(selector)
                if matches(self._things[place][0], selector)
            ]
        return self._answers[question]

    def _candidates(self, selector: Any) -> Iterable[int]:
        everything: Iterable[int] = range(len(self._things))
        return min((everything, *self._buckets(selector)), key=len)  # type: ignore[arg-type]

    def _buckets(self, selector: Any) -> Iterator[list[int]]:
        for pair in pairs(selector, "matchLabels").items():
            yield self._under.get(pair, [])
        for need in dig_maps(selector, "matchExpressions"):
            key = text(need, "key")
            match text(need, "operator"):
                case "Exists":
                    yield self._with_key.get(key, [])
                case "In":
                    values = set(texts(need, "values"))
                    yield sorted(place for value in values for place in self._under.get((key, value), ()))
