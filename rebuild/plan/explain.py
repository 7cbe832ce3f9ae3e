"""One object's part of a course: what it waits for and what that costs, and what waits for it.

The same for a plan, with expected times, and for a run that is over, with measured ones. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from msgspec import Struct, field

from rebuild.graph.index import key_of
from rebuild.model.discreet import Discreet
from rebuild.model.edges import Edge
from rebuild.model.kinds import Kinds
from rebuild.model.kinds import builtin as builtin_kinds
from rebuild.model.objects import Origin
from rebuild.model.refs import Ref
from rebuild.plan import course as courses
from rebuild.plan import naming
from rebuild.plan.course import Course, Hop
from rebuild.plan.naming import ShortNames
from rebuild.plan.steps import Plan


class Story(Discreet, frozen=True):
    """Who waited for whom and when, of a plan or of a run."""

    unshown = frozenset({"origins", "edges", "kinds", "shorts"})

    origins: Mapping[Ref, Origin | None]
    """Where each declared object stands."""
    edges: tuple[Edge, ...]
    course: Course
    measured: bool
    kinds: Kinds = field(default_factory=builtin_kinds)
    shorts: ShortNames = field(default_factory=lambda: naming.SHORT_NAMES)


class Wait(Struct, frozen=True):
    """One thing that an object waits for, or that waits for it.

    `opens` is when the gate opens, None where nobody knows or it never did. `costs` is how many seconds later that is
    than the last gate that opens before it: the costs of all waits add up to the whole wait. `behind` counts the
    objects behind the other end that are behind none of the rows before.
    """

    edge: Edge
    origin: Origin | None
    behind: int
    opens: float | None
    costs: float | None = None


class Explanation(Struct, frozen=True):
    """Everything about one object's place. Times are seconds from the first write, None where there is none."""

    ref: Ref
    origin: Origin | None
    measured: bool
    begins: float | None
    ends: float | None
    waits: tuple[Wait, ...]
    """What it waits for directly, the gate that opens last first."""
    waits_in_all: int
    """With what is behind that."""
    dependents: tuple[Wait, ...]
    """What waits for it directly."""
    dependents_in_all: int
    path: tuple[Hop, ...]
    """How it comes to leave when it does: from the first write to this object."""
    place: int
    """Its position on the critical path of the whole run, from 1; 0 when it is not on it."""
    length: int
    """Of the critical path of the whole run."""
    slack: float | None
    """How much later it could be READY before the whole takes longer."""


def story_of(plan: Plan) -> Story:
    """The story that a plan expects."""
    crds = (s.manifest.body for s in plan.steps.values() if s.ref.kind == "CustomResourceDefinition")
    origins = {ref: step.manifest.origin for ref, step in plan.steps.items()}
    return Story(
        origins, plan.edges, courses.of(plan), measured=False, kinds=plan.kinds, shorts=naming.short_names(crds)
    )


def explain(story: Story, ref: Ref) -> Explanation:
    """What there is to know about one object of a story."""
    course = story.course
    down: dict[Ref, list[Edge]] = {}
    up: dict[Ref, list[Edge]] = {}
    for edge in story.edges:
        down.setdefault(edge.dependent, []).append(edge)
        up.setdefault(edge.dependency, []).append(edge)
    path = course.path
    place = next((number for number, hop in enumerate(path, 1) if hop.ref == ref), 0)
    return Explanation(
        ref=ref,
        origin=story.origins.get(ref),
        measured=story.measured,
        begins=course.begins.get(ref),
        ends=course.ends.get(ref),
        waits=_waits(story, down.get(ref, []), down),
        waits_in_all=_reached(ref, down, forward=True) - 1,
        dependents=_dependents(story, up.get(ref, []), up),
        dependents_in_all=_reached(ref, up, forward=False) - 1,
        path=course.path_to(ref) if ref in course.ends else (),
        place=place,
        length=len(path),
        slack=_slack(course, ref, up) if ref in course.ends else None,
    )


def _waits(story: Story, edges: Iterable[Edge], down: Mapping[Ref, list[Edge]]) -> tuple[Wait, ...]:
    gates, costs, before = story.course.gates, {}, 0.0
    ordered = sorted(edges, key=lambda edge: (edge in gates, gates.get(edge, 0.0), *key_of(edge.dependency)))
    for edge in ordered:
        if edge in gates:
            costs[edge] = max(gates[edge] - before, 0.0)
            before = max(gates[edge], before)
    waits, seen = [], {edge.dependency for edge in ordered}
    for edge in reversed(ordered):
        behind = _reached(edge.dependency, down, forward=True, seen=seen) - 1
        waits.append(Wait(edge, story.origins.get(edge.dependency), behind, gates.get(edge), costs.get(edge)))
    return tuple(waits)


def _dependents(story: Story, edges: Iterable[Edge], up: Mapping[Ref, list[Edge]]) -> tuple[Wait, ...]:
    ordered = sorted(edges, key=lambda edge: key_of(edge.dependent))
    waits, seen = [], {edge.dependent for edge in ordered}
    for edge in ordered:
        behind = _reached(edge.dependent, up, forward=False, seen=seen) - 1
        waits.append(Wait(edge, story.origins.get(edge.dependent), behind, story.course.gates.get(edge)))
    return tuple(waits)


def _reached(ref: Ref, edges: Mapping[Ref, list[Edge]], *, forward: bool, seen: set[Ref] | None = None) -> int:
    """How many objects are reached from one, itself counted, without those seen; they are seen from then on."""
    return len(_all_reached(ref, edges, forward=forward, seen=seen if seen is not None else set()))


def _all_reached(ref: Ref, edges: Mapping[Ref, list[Edge]], *, forward: bool, seen: set[Ref]) -> list[Ref]:
    seen.add(ref)
    found = [ref]
    for here in found:
        for edge in edges.get(here, ()):
            other = edge.dependency if forward else edge.dependent
            if other not in seen:
                seen.add(other)
                found.append(other)
    return found


def _slack(course: Course, ref: Ref, up: Mapping[Ref, list[Edge]]) -> float:
    """The least that is to spare on any way from the object to the end."""
    after = _all_reached(ref, up, forward=False, seen=set())
    order = {each: [edge.dependent for edge in up.get(each, ())] for each in after}
    end, spare = course.seconds, dict[Ref, float]()
    for each in TopologicalSorter(order).static_order():
        ways = [end - course.ends[each]] if each in course.ends else []
        ways += [
            spare[edge.dependent] + course.begins[edge.dependent] - course.gates[edge]
            for edge in up.get(each, ())
            if edge in course.gates and edge.dependent in course.begins
        ]
        spare[each] = max(min(ways, default=end), 0.0)
    return spare[ref]
