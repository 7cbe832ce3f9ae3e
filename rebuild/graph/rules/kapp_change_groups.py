"""kapp applies an object before or after a group of others, and waits until those are ready in between.

`kapp.k14s.io/change-group` puts an object into a group, and `kapp.k14s.io/change-rule` reads `upsert after upserting
GROUP` or `upsert before upserting GROUP`; both may be given again with a suffix (`change-rule.db`). A rule may also
name one of the groups that kapp has by itself (`graph.kapp`). Rules about deletions say nothing about a rebuild.
As https://carvel.dev/kapp/docs/latest/apply-ordering/ defines it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rebuild.graph import fans, kapp
from rebuild.graph.fields import pairs
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref

_GROUP, _RULE = "kapp.k14s.io/change-group", "kapp.k14s.io/change-rule"


def edges_from(index: Index) -> Iterator[Edge]:
    """Object -> the group that it comes after; the group that it comes before -> object: READY, hard."""
    members: dict[str, list[Ref]] = defaultdict(list)
    after: dict[str, list[Ref]] = defaultdict(list)
    before: dict[str, list[Ref]] = defaultdict(list)
    for item in _with(index, _GROUP):
        for name in _values(item, _GROUP):
            members[name].append(item.ref)
    for item in _with(index, _RULE):
        for rule in _values(item, _RULE):
            match rule.split():
                case ["upsert", "after", "upserting", name]:
                    after[name].append(item.ref)
                case ["upsert", "before", "upserting", name]:
                    before[name].append(item.ref)
    for name in {*after, *before}:
        members[name] = list(dict.fromkeys((*members[name], *kapp.members(name, index))))
    for name, waiting in after.items():
        yield from _fan(waiting, members[name], f"its change rule comes after group {name}")
    for name, awaited in before.items():
        yield from _fan(members[name], awaited, f"a change rule comes before its group {name}")


def findings_from(index: Index) -> Iterator[Finding]:
    """Errors: a rule that cannot be read; kapp refuses it as well."""
    for item in _with(index, _RULE):
        for rule in _values(item, _RULE):
            match rule.split():
                case ["upsert" | "delete", "after" | "before", "upserting" | "deleting", _]:
                    continue
            yield Finding(
                "invalid-change-rule",
                Severity.ERROR,
                f"{item.ref} has a change rule that cannot be read: {rule!r}",
                item.ref,
                item.origin,
                "write `upsert after upserting GROUP`",
            )


def _with(index: Index, key: str) -> Iterable[Manifest]:
    """The objects with that annotation, or with several of it by their suffixes."""
    return index.annotated(*(name for name in index.annotations() if name == key or name.startswith(f"{key}.")))


def _values(item: Manifest, key: str) -> list[str]:
    annotations = pairs(item.body, "metadata", "annotations")
    return [annotations[name] for name in sorted(annotations) if name == key or name.startswith(f"{key}.")]


def _fan(waiting: Sequence[Ref], awaited: Sequence[Ref], why: str) -> Iterator[Edge]:
    """Who is on both sides waits for all but itself."""
    both = set(waiting) & set(awaited)
    sides = [([ref for ref in waiting if ref not in both], awaited)]
    sides += [([ref], [other for other in awaited if other != ref]) for ref in waiting if ref in both]
    for dependents, dependencies in sides:
        if dependents and dependencies:
            yield from fans.edges(
                dict.fromkeys(dependents, why),
                dependencies,
                gate=Gate.READY,
                strength=Strength.HARD,
                members=Strength.HARD,
                rule="kapp_change_groups",
            )
