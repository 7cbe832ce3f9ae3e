"""Keys of annotations that the API refuses, and more annotations than it takes.

ValidateAnnotations of apimachinery lowers a key before it looks, and counts the bytes of keys and values.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import TEMPLATES
from rebuild.lint import names
from rebuild.lint.problems import Problem, Subject
from rebuild.model.objects import dig

MOST = 256 * 1024
"""Bytes of all keys and values of one object (TotalAnnotationSizeLimitB)."""


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each key, and one for all of them together."""
    places = dict.fromkeys(((), TEMPLATES.get(subject.manifest.ref.group_kind, ())))
    for place in places:
        path = (*place, "metadata", "annotations")
        found = dig(subject.manifest.body, *path)
        annotations = found if isinstance(found, dict) else {}
        for key in annotations:
            if trouble := names.qualified_trouble(key.lower()):
                message = f"{'.'.join(path)}[{key[:300]!r}] is no key of an annotation: {trouble}"
                yield Problem("bad-annotation", message, next_step="rename it")
        size = sum(_bytes(key) + _bytes(value) for key, value in annotations.items())
        if size > MOST:
            yield Problem(
                "too-large",
                f"{'.'.join(path)} takes {size} bytes; {MOST} are allowed",
                next_step="move the largest of them to a ConfigMap",
            )


def _bytes(value: object) -> int:
    if not isinstance(value, str):
        return 0
    return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
