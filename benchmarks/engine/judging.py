"""The judge's verdict on one run, out of its own stamps and the audit log. No clock of a tool counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from benchmarks.engine.audit import Log
from benchmarks.engine.course import Course
from benchmarks.engine.order import Must, Until

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """`end` is when the last object was ready, in seconds of the wall clock.

    `hops` are the seconds from the moment that the last dependency was ready until the dependent came in at the API
    server.
    """

    end: float
    hops: tuple[float, ...]
    problems: tuple[str, ...]


def judge(course: Course, musts: Iterable[Must], log: Log, ready: Mapping[int, float]) -> Verdict:
    """Was everything written, in the order that had to be kept, and when was the last object ready?

    Args:
        course: what was to be written.
        musts: the order that the objects demand.
        log: the tool's part of the audit log.
        ready: when the judge saw objects ready, by their place; kinds without a readiness are not in it.
    """
    written = {course.keys[key]: write for key, write in log.writes.items() if key in course.keys}
    known = set(course.places.values())
    names = {place: "/".join(filter(None, identity)) for identity, place in course.places.items()}
    problems = [f"never accepted: {_named(names, known - written.keys())}"] if known - written.keys() else []
    statuses = {course.keys[key]: write for key, write in log.statuses.items() if key in course.keys}
    early: set[int] = set()
    hops = []
    ordered = [
        (course.places[must.dependent], course.places[must.dependency], must.until)
        for must in musts
        if must.dependent in course.places and must.dependency in course.places
    ]
    for dependent, edges in groupby(sorted(ordered), key=lambda edge: edge[0]):
        if dependent not in written:
            continue
        sent = written[dependent].sent
        opened = []
        for _, dependency, until in edges:
            # Nobody can have seen a state before the request came in that made it.
            causes = statuses if until is Until.READY and dependency in ready else written
            if dependency not in causes or causes[dependency].sent > sent:
                early.add(dependent)
            if until is Until.READY and dependency in ready:
                opened.append(ready[dependency])
        if opened:
            hops.append(sent - max(opened))
    if early:
        problems.append(f"sent too early: {_named(names, early)}")
    ends = [*(write.accepted for write in written.values()), *ready.values()]
    return Verdict(max(ends, default=0.0), tuple(hops), tuple(problems))


def _named(names: Mapping[int, str], places: Iterable[int]) -> str:
    found = sorted(names[place] for place in places)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
