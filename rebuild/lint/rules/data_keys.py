"""Keys of a ConfigMap's or a Secret's data that the API refuses: each may become the name of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rebuild.lint import names
from rebuild.lint.problems import Problem, Subject
from rebuild.model.objects import dig

_PARTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "ConfigMap"): ("data", "binaryData"),
    ("", "Secret"): ("data", "stringData"),
}


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each key."""
    for part in _PARTS.get(subject.manifest.ref.group_kind, ()):
        values = dig(subject.manifest.body, part)
        for key in values if isinstance(values, dict) else ():
            if trouble := names.config_key_trouble(key):
                yield Problem(
                    "bad-data-key", f"{part}[{key[:300]!r}] is no key for data: {trouble}", next_step="rename it"
                )
