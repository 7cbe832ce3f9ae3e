"""An object that is there already and belongs to somebody else, as far as the plan would change it.

Server-side apply refuses to change a field that another manager owns, and rebuild never forces it; what a controller
made, it puts back. Nothing is told of what is as declared already: nothing is sent then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Body, dig_maps
from rebuild.plan.preflight.facts import Facts
from rebuild.plan.recoverability import wording
from rebuild.plan.steps import Action, Step
from rebuild.verify import compare, managers, paths


def findings_from(facts: Facts) -> Iterator[Finding]:
    """Warnings: for each object one of its fields' owners, and one of the controller that made it."""
    for step in facts.steps.values():
        live = facts.live.get(step.ref) if step.action is Action.CONFIGURE else None
        if live is not None:
            yield from _fields(step, live, facts)
            yield from _controller(step, live)


def _fields(step: Step, live: Body, facts: Facts) -> Iterator[Finding]:
    owned: dict[managers.Owner, list[str]] = defaultdict(list)
    for found in compare.deviations(step.manifest, live, facts.setting.schemas):
        for owner in managers.owners_of(live, found.path):
            if owner != managers.Owner(facts.setting.manager):
                owned[owner].append(paths.render(found.path))
    if owned:
        told = "; ".join(f"{owner} owns {wording.some(fields)}" for owner, fields in owned.items())
        yield Finding(
            "field-owned",
            Severity.WARNING,
            f"{step.ref} is there with other values, and the write would be refused: {told}",
            step.ref,
            step.manifest.origin,
            "leave these fields out of the declaration, or make their owners give them up",
        )


def _controller(step: Step, live: Body) -> Iterator[Finding]:
    for owner in dig_maps(live, "metadata", "ownerReferences"):
        if owner.get("controller") is True:
            yield Finding(
                "object-controlled",
                Severity.WARNING,
                f"{step.ref} is there and controlled by {owner.get('kind')} {owner.get('name')}, whose controller may "
                "change it back",
                step.ref,
                step.manifest.origin,
                "declare either the object or its owner, not both",
            )
