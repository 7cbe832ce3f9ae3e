"""The health of a custom resource, by what its CustomResourceDefinition lets its controller report.

kstatus calls an object without a status Current, whoever was to write one. Here the schema decides: what it declares
has to come. Where it declares nothing, or what came sums up nothing, existence is all that there is: the health is
assumed, and said to be.
"""

from __future__ import annotations

from typing import Final

from rebuild.health import conditions, fields, generic
from rebuild.health.definitions import Evidence
from rebuild.health.verdicts import assumed, current, in_progress
from rebuild.model.objects import Body, dig_maps
from rebuild.model.states import Status

SUMMARIES: Final = ("Ready", "Succeeded", "Available", "Healthy", "Programmed", "Accepted", "Synced")
"""The conditions that sum up an object, the first that is there counts: by the API conventions Ready for what runs on
and Succeeded for what ends; Programmed and Accepted in the Gateway API; the others where custom made them."""


def status(body: Body, evidence: Evidence) -> Status:
    """Current when what the definition declares has come and says so."""
    for type_ in SUMMARIES:
        if summary := conditions.find(body, type_):
            judged_now = summary.observed_generation == fields.integer(body, "metadata", "generation")
            unseen = _unseen(body, evidence) if summary.is_true and not judged_now else None
            return unseen or generic.by_condition(body, summary)
    if unseen := _unseen(body, evidence):
        return unseen
    types = sorted({fields.text(item, "type") for item in dig_maps(body, "status", "conditions")} - {""})
    if types:
        return assumed(f"none of its conditions sums up its health: {', '.join(types)}", provisional=True)
    if evidence.conditions:
        return in_progress("its CRD declares conditions, and its controller has reported none")
    if evidence.observed_generation:
        return current("the controller has seen the object; its CRD declares no conditions")
    if evidence.open:
        return assumed("its controller reports nothing", provisional=True)
    return assumed("its CRD declares no conditions")


def _unseen(body: Body, evidence: Evidence) -> Status | None:
    return generic.unseen(body) if evidence.observed_generation else None
