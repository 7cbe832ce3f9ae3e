"""The rules that hold for every kind: what is asked before, and what is asked in place of, a kind's own rule.

Source: kstatus, `generic.go`. Deviations: Stalled is not final here, since a stalled controller may go on
when what it lacks appears; and a Ready condition that judges an older generation is no evidence (KEP-1623).
"""

from __future__ import annotations

from rebuild.health import conditions, fields
from rebuild.health.conditions import Condition
from rebuild.health.verdicts import current, in_progress
from rebuild.model.objects import Body, dig, dig_list
from rebuild.model.states import Health, Status


def outdated(body: Body) -> Status | None:
    """What no rule can overrule: the object is being deleted, or what it reports is about another generation.

    A generation *newer* than the object's own counts as unseen too, as in kstatus: such a status was
    written for another life of the object.
    """
    if dig(body, "metadata", "deletionTimestamp"):
        return Status(Health.TERMINATING, _deletion(body))
    generation = fields.integer(body, "metadata", "generation")
    observed = fields.integer(body, "status", "observedGeneration")
    if generation is not None and observed is not None and observed != generation:
        return in_progress(f"the controller has seen generation {observed}, the object is at {generation}")
    return None


def overriding(body: Body) -> Status | None:
    """What decides before any rule of a kind: what is outdated, Reconciling, Stalled."""
    if status := outdated(body):
        return status
    if reconciling := conditions.find_true(body, "Reconciling"):
        return in_progress("reconciling", reconciling.explanation)
    if stalled := conditions.find_true(body, "Stalled"):
        return in_progress("stalled", stalled.explanation)
    return None


def unseen(body: Body) -> Status | None:
    """In progress until the controller has looked at the object for the first time.

    For kinds whose built-in controller always records `observedGeneration`. kstatus asks this of DaemonSets
    alone; without it a workload scaled to zero is Current before its controller has even seen it.
    """
    if fields.integer(body, "status", "observedGeneration") is None:
        return in_progress("the controller has not seen the object yet")
    return None


def by_existence(body: Body) -> Status:  # noqa: ARG001 - a rule like any other
    """Current as soon as the API server holds it."""
    return current("the object exists; its kind has no readiness")


def by_condition(body: Body, summary: Condition) -> Status:
    """Current when a condition that sums up the object is true, and was judged at its generation."""
    generation = fields.integer(body, "metadata", "generation")
    judged = summary.observed_generation
    if generation is not None and judged is not None and judged < generation:
        return in_progress(f"{summary.type} was judged at generation {judged}, the object is at {generation}")
    if summary.is_true:
        return current(summary.type)
    return in_progress(f"not {summary.type}" if summary.is_false else f"{summary.type} is unknown", summary.explanation)


def _deletion(body: Body) -> str:
    finalizers = [" ".join(str(item).split()) for item in dig_list(body, "metadata", "finalizers")]
    held = f"; held by {', '.join(finalizers)}" if finalizers else ""
    return f"the object is being deleted{held}"
