"""Keys and values of labels that the API refuses, on the object and on the pods that it makes."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import TEMPLATES
from rebuild.lint import names
from rebuild.lint.problems import Problem, Subject
from rebuild.model.objects import dig

_NEXT_STEP = "rename it, and what selects by it; free text belongs in an annotation"


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each key and for each value."""
    places = dict.fromkeys(((), TEMPLATES.get(subject.manifest.ref.group_kind, ())))
    for place in places:
        path = (*place, "metadata", "labels")
        labels = dig(subject.manifest.body, *path)
        for key, value in (labels if isinstance(labels, dict) else {}).items():
            if trouble := names.qualified_trouble(key):
                where = f"{'.'.join(path)}[{key[:300]!r}]"
                yield Problem("bad-label", f"{where} is no key of a label: {trouble}", next_step=_NEXT_STEP)
            if isinstance(value, str) and (trouble := names.value_trouble(value)):
                where = f"{'.'.join(path)}[{key[:300]!r}]"
                yield Problem("bad-label", f"{where} has the value {value[:100]!r}: {trouble}", next_step=_NEXT_STEP)
