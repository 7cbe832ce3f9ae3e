"""The plan of an earlier process again, from what it recorded and what the same source declares. Pure.

The record holds digests in the place of bodies, so each body has to prove that it is the one which was planned.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from rebuild.model.blueprint import Blueprint
from rebuild.model.events import Planned, PlannedObject
from rebuild.model.objects import Manifest
from rebuild.model.redaction import digest
from rebuild.model.refs import Ref
from rebuild.plan import fidelity
from rebuild.plan.build import Surroundings, rulebook_for, setting_for
from rebuild.plan.rules import Rules
from rebuild.plan.steps import Action, Plan, Step
from rebuild.verify import reapply


class Changed(Exception):
    """These objects are not declared as they were when the plan was made."""

    def __init__(self, refs: list[Ref]) -> None:
        super().__init__(f"{len(refs)} objects differ")
        self.refs = refs


def restored(
    planned: Planned,
    blueprint: Blueprint,
    surroundings: Surroundings,
    rules: Rules,
    *,
    manager: str,
    key: bytes,
) -> Plan:
    """The plan that was recorded.

    Args:
        planned: the record.
        blueprint: what the source declares now.
        surroundings: what the target can do and holds now, since a controller may own a field of what lives.
        rules: what the user says of health, and of differences that are to be ignored.
        manager: the field manager that writes are made as.
        key: of the record's digests.

    Raises:
        Changed: when an object is new, gone, or would be sent with another body.
    """
    snapshot = surroundings.snapshot
    rulebook = rulebook_for(blueprint, snapshot, own=rules.health)
    rulebook = replace(rulebook, waiting_claims=frozenset(planned.waiting_claims))
    fitted = fidelity.fit(blueprint, surroundings.capabilities, rulebook)
    setting = setting_for(blueprint, snapshot, manager=manager)

    def bodies(of: PlannedObject) -> Iterator[Manifest]:
        """What may have been planned: all of it, or what a controller leaves of it."""
        declared = blueprint.manifests[of.ref]
        fit = fitted.manifests.get(of.ref, declared)
        yield from (declared, fit) if of.action in (Action.FAIL, Action.HOLD_BACK) else (fit,)
        live = snapshot.get(fit.ref)
        if of.action == Action.CONFIGURE and live is not None:
            yield fit.with_body(reapply.without_controller_owned(fit, live, setting))

    recorded = {each.ref: each for each in planned.objects}
    changed = sorted(recorded.keys() ^ blueprint.manifests.keys())
    steps: dict[Ref, Step] = {}
    for ref, each in recorded.items():
        if ref not in blueprint.manifests:
            continue
        manifest = next((body for body in bodies(each) if digest(body.payload, key) == each.digest), None)
        if manifest is None:
            changed.append(ref)
        else:
            steps[ref] = Step(
                manifest, Action(each.action), each.awaited, each.tail, each.version, each.reason, each.uid
            )
    if changed:
        raise Changed(changed)
    return Plan(
        steps=steps,
        edges=planned.edges,
        expected=frozenset(planned.expected),
        kinds=blueprint.kinds,
        findings=planned.findings,
        limits=planned.limits,
        rulebook=rulebook,
        ignoring=rules.ignoring(blueprint)[0],
        images=planned.images,
    )
