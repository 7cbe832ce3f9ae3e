"""The story of a run that is over, out of its JSON report: what held its objects, and when each gate opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any, ClassVar

from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.errors import UsageError
from rebuild.model.groups import is_group
from rebuild.model.objects import Origin, Provenance, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.plan.course import Course
from rebuild.plan.explain import Story

_OPENED_BY = {Gate.EXISTS: "accepted", Gate.SERVED: "ready", Gate.READY: "ready"}
"""The landmark of the dependency at which a gate opens."""


class NotAReport(UsageError):
    """The document is no report of `rebuild`, or one that lacks what is asked of it."""

    code: ClassVar[str] = "not-a-report"


def story_of(report: Any, *, name: str) -> Story:
    """The story that a report tells.

    Args:
        report: the decoded document, whatever it is.
        name: what messages call it.

    Raises:
        NotAReport: when it is none, holds no edges, or nothing was written in its run.
    """
    if not str(dig(report, "schemaVersion")).startswith("rebuild.dev/report/") or "edges" not in report:
        raise NotAReport(
            f"{name} is no report with the edges of its run", hint="name a file that `--report` of this version wrote"
        )
    try:
        edges = tuple(_edge(row) for row in dig_maps(report, "edges"))
        origins = {Ref.parse(row["ref"]): _origin(row.get("origin")) for row in dig_maps(report, "objects")}
        times = {Ref.parse(row["ref"]): _times(row["times"]) for row in dig_maps(report, "objects")}
        sent = [at["intended"] for at in times.values() if "intended" in at]
        course = _course(times, edges, start=min(sent, default=0.0))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotAReport(
            f"{name} is a broken report: {error}", hint="write it again, or take it from a copy"
        ) from error
    if not sent:
        raise NotAReport(f"nothing was written in the run of {name}", hint="name the report of an apply or a drill")
    return Story(origins, edges, course, measured=True)


def _course(times: Mapping[Ref, Mapping[str, float]], edges: tuple[Edge, ...], *, start: float) -> Course:
    """What was there before the first write counts as open from the start."""
    begins = {ref: at["intended"] - start for ref, at in times.items() if "intended" in at}
    ends = {ref: at["ready"] - start for ref, at in times.items() if "ready" in at and "intended" in at}
    waits: dict[Ref, list[Edge]] = {}
    for edge in edges:
        waits.setdefault(edge.dependent, []).append(edge)
    gates: dict[Edge, float] = {}
    for ref in _in_order(edges):
        for edge in waits.get(ref, ()):
            at = times.get(edge.dependency, {})
            opened = at.get(_OPENED_BY[edge.gate], None if "intended" in at else at.get("ready"))
            if is_group(edge.dependency) and edge.dependency in begins:
                gates[edge] = begins[edge.dependency]
            elif opened is not None:
                gates[edge] = max(opened - start, 0.0)
        if is_group(ref) and all(edge in gates for edge in waits[ref] if edge.strength is Strength.HARD):
            begins[ref] = max((gates[edge] for edge in waits[ref] if edge in gates), default=0.0)
    return Course(begins, ends, gates)


def _in_order(edges: tuple[Edge, ...]) -> Iterable[Ref]:
    """Dependencies first.

    Raises:
        ValueError: for edges that no plan can have had.
    """
    sorter: TopologicalSorter[Ref] = TopologicalSorter()
    for edge in edges:
        sorter.add(edge.dependent, edge.dependency)
    return sorter.static_order()


def _edge(row: Mapping[str, Any]) -> Edge:
    return Edge(
        Ref.parse(row["dependent"]),
        Ref.parse(row["dependency"]),
        Gate(row["gate"]),
        Strength(row["strength"]),
        str(row["why"]),
        str(row["rule"]),
    )


def _origin(row: Mapping[str, Any] | None) -> Origin | None:
    if row is None:
        return None
    return Origin(str(row["path"]), int(row["line"]), str(row["commit"] or ""), Provenance(row["provenance"]))


def _times(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value is not None}
