"""What `plan -o json` says beyond the report: the expected course, which is a prediction and never a measurement.

docs/plan.md describes it field by field.
"""

from __future__ import annotations

from typing import Any

from rebuild.plan.course import Course, Hop


def expected(course: Course) -> dict[str, Any]:
    """The expected course, ready to be encoded; seconds count from the first write."""
    return {
        "seconds": _rounded(course.seconds),
        "criticalPath": [_hop(hop) for hop in course.path],
        "width": [{"second": second, "writes": writes} for second, writes in course.width],
    }


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


def _rounded(seconds: float) -> float:
    """To milliseconds: the built-in numbers say no more than that."""
    return round(seconds, 3)
