"""What a picture of a plan shows, whatever language it is drawn in: boxes of namespaces, objects, arrows.

An arrow leads from the object that goes first to the one that waits. That an object waits for the Namespace it lives in
is said by the box around it, and gets an arrow on the critical path alone: else such arrows would be half of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from rebuild.graph.index import key_of
from rebuild.model.edges import Edge
from rebuild.model.groups import is_group
from rebuild.model.refs import Ref
from rebuild.plan import course
from rebuild.plan.steps import Plan


class Arrow(Struct, frozen=True):
    """One edge; `critical` where the length of the run hangs on it."""

    edge: Edge
    critical: bool


class Drawing(Struct, frozen=True):
    """Everything in a stable order."""

    boxes: Mapping[str, tuple[Ref, ...]]
    """The objects by namespace; cluster-scoped ones under the empty name."""
    expected: frozenset[Ref]
    """Those that somebody else makes."""
    groups: frozenset[Ref]
    """Those that stand for several objects."""
    arrows: tuple[Arrow, ...]


def of(plan: Plan) -> Drawing:
    """What to draw of a plan."""
    arrows = tuple(_arrows(plan))
    ends = {ref for arrow in arrows for ref in (arrow.edge.dependency, arrow.edge.dependent)}
    foreign = ends - plan.steps.keys()
    groups = frozenset(filter(is_group, foreign))
    boxes: dict[str, list[Ref]] = {}
    for ref in sorted((*plan.steps, *foreign), key=lambda ref: (ref.namespace, *key_of(ref))):
        boxes.setdefault(ref.namespace, []).append(ref)
    return Drawing(
        {namespace: tuple(refs) for namespace, refs in boxes.items()}, frozenset(foreign - groups), groups, arrows
    )


def _arrows(plan: Plan) -> Iterator[Arrow]:
    critical = {hop.edge for hop in course.of(plan).path}
    for edge in sorted(plan.edges, key=lambda edge: (*key_of(edge.dependency), *key_of(edge.dependent))):
        if edge in critical or edge.rule != "namespaces":
            yield Arrow(edge, edge in critical)


def kind_and_name(ref: Ref) -> tuple[str, str]:
    """The two lines that name an object inside of its namespace's box."""
    builtin = "." not in ref.group or ref.group.endswith(".k8s.io")
    return ref.kind if builtin else f"{ref.kind}.{ref.group}", ref.name


def printable(text: str) -> str:
    """The text without line breaks and controls: names in a repository may be anything."""
    return "".join(c if c.isprintable() else " " for c in text)
