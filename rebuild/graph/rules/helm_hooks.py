"""Helm applies pre-install hooks before everything else of a release and post-install hooks after it, by their weights.

Between weights it waits until Jobs and Pods have completed; other kinds only have to be there. As
https://helm.sh/docs/topics/charts_hooks/ defines it. A rendered release is known by the label
`app.kubernetes.io/instance`, and where that is missing by its file. Hooks for other events, and tests, are no part of
an installation (`graph.hints` leaves them out).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rebuild.graph import fans, hints
from rebuild.graph.fields import pairs
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref

_INSTANCE, _WEIGHT = "app.kubernetes.io/instance", "helm.sh/hook-weight"
_COMPLETE = frozenset({("batch", "Job"), ("", "Pod")})


def edges_from(index: Index) -> Iterator[Edge]:
    """Release -> its pre-install hooks; post-install hooks -> the release; hooks by weight: hard."""
    with_hooks = {
        _release(item) for item in index.annotated(hints.HELM_HOOK) if hints.annotation(item, hints.HELM_HOOK)
    }
    if not with_hooks:
        return
    releases: dict[str, list[Manifest]] = defaultdict(list)
    for item in index:
        if _release(item) in with_hooks:
            releases[_release(item)].append(item)
    for items in releases.values():
        steps = [
            *((step, True) for step in _hooks(items, "pre-install")),
            (_main(items), False),
            *((step, True) for step in _hooks(items, "post-install")),
        ]
        steps = [step for step in steps if step[0]]
        for (before, are_hooks), (after, _) in pairwise(steps):
            yield from _in_turn(before, after, are_hooks=are_hooks)


def _release(item: Manifest) -> str:
    return pairs(item.body, "metadata", "labels").get(_INSTANCE) or f"file {item.origin.path}"


def _hooks(items: Iterable[Manifest], event: str) -> list[list[Ref]]:
    """The hooks of an event by weight; one that is listed for both events runs at the first of them."""
    weights: dict[int, list[Ref]] = defaultdict(list)
    for item in items:
        listed = hints.hooks(item, hints.HELM_HOOK)
        if event in listed and not (event == "post-install" and "pre-install" in listed):
            weights[hints.number(item, _WEIGHT)].append(item.ref)
    return [weights[weight] for weight in sorted(weights)]


def _main(items: Iterable[Manifest]) -> list[Ref]:
    hook = hints.HELM_HOOK
    return [item.ref for item in items if not hints.annotation(item, hook) and not hints.is_prerequisite(item, hook)]


def _in_turn(before: list[Ref], after: list[Ref], *, are_hooks: bool) -> Iterator[Edge]:
    waits = dict.fromkeys(after, "Helm's hooks of its release order it so")
    complete = [ref for ref in before if are_hooks and ref.group_kind in _COMPLETE]
    for gate, awaited in ((Gate.READY, complete), (Gate.EXISTS, [ref for ref in before if ref not in complete])):
        yield from fans.edges(
            waits, awaited, gate=gate, strength=Strength.HARD, members=Strength.HARD, rule="helm_hooks"
        )
