"""What `plan` and `explain` tell programs beyond the report: courses, expected or measured.

docs/plan.md describes it field by field.
"""

from __future__ import annotations

from typing import Any

from rebuild.graph.estimates import Estimate
from rebuild.plan import course as courses
from rebuild.plan.course import Hop
from rebuild.plan.explain import Explanation, Wait
from rebuild.plan.steps import Plan


def expected(plan: Plan) -> dict[str, Any]:
    """The expected course of a plan, ready to be encoded; seconds count from the first write."""
    course = courses.of(plan)
    path = course.path
    return {
        "seconds": _rounded(course.seconds),
        "runs": plan.estimates.runs,
        "criticalPath": [
            {**_hop(hop), **_estimate(courses.estimate_of(path, place, plan))} for place, hop in enumerate(path)
        ],
        "width": [{"second": second, "writes": writes} for second, writes in courses.width(course, plan)],
    }


def _estimate(found: Estimate) -> dict[str, Any]:
    return {"basis": found.basis.value, "runs": found.runs}


def _hop(hop: Hop) -> dict[str, Any]:
    edge = hop.edge
    return {
        "ref": str(hop.ref),
        "begins": _rounded(hop.begins),
        "seconds": _rounded(hop.seconds),
        "gate": edge.gate.value if edge else None,
        "strength": edge.strength.value if edge else None,
        "why": edge.why if edge else None,
        "rule": edge.rule if edge else None,
    }


def explanation(found: Explanation) -> dict[str, Any]:
    """One object's part of a course, ready to be encoded."""
    return {
        "ref": str(found.ref),
        "origin": str(found.origin) if found.origin else None,
        "measured": found.measured,
        "begins": _rounded(found.begins),
        "ready": _rounded(found.ends),
        "criticalPath": {"place": found.place or None, "length": found.length, "slack": _rounded(found.slack)},
        "waitsFor": [{"ref": str(wait.edge.dependency), **_wait(wait)} for wait in found.waits],
        "waitsForInAll": found.waits_in_all,
        "wayHere": [_hop(hop) for hop in found.path],
        "waitedForBy": [{"ref": str(wait.edge.dependent), **_wait(wait)} for wait in found.dependents],
        "waitedForByInAll": found.dependents_in_all,
    }


def _wait(wait: Wait) -> dict[str, Any]:
    edge = wait.edge
    return {
        "origin": str(wait.origin) if wait.origin else None,
        "gate": edge.gate.value,
        "strength": edge.strength.value,
        "why": edge.why,
        "rule": edge.rule,
        "opens": _rounded(wait.opens),
        "costs": _rounded(wait.costs),
        "behind": wait.behind,
    }


def _rounded(seconds: float | None) -> float | None:
    """To milliseconds: neither clocks nor the built-in numbers say more than that."""
    return None if seconds is None else round(seconds, 3)
