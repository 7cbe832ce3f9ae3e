"""The verb `plan`, and the plan that `apply` and `drill` carry out: built by the same code, before any write."""

from __future__ import annotations

from msgspec.structs import replace

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.graph.estimates import PRIORS, Estimates
from rebuild.model.events import Planned, PlannedObject
from rebuild.model.kinds import Kinds, builtin
from rebuild.model.redaction import digest
from rebuild.ops import observe, rights
from rebuild.ops.blueprint import Declared
from rebuild.ops.observe import NOTHING_SEEN, Seen
from rebuild.ops.target import BoundTarget
from rebuild.plan import build
from rebuild.plan.build import OFFLINE, Surroundings
from rebuild.plan.preflight import check as preflight
from rebuild.plan.rules import NO_RULES, Rules
from rebuild.plan.steps import Plan


def offline(found: Declared, estimates: Estimates = PRIORS, rules: Rules = NO_RULES) -> Plan:
    """What would be done on an empty cluster that can do everything. Talks to nobody."""
    return on_target(found, replace(OFFLINE, estimates=estimates), rules)


def on_target(found: Declared, surroundings: Surroundings, rules: Rules = NO_RULES) -> Plan:
    """What would be done on a target, given what it serves, holds and can do. Writes nothing."""
    refused = found.checked.unsendable(surroundings.version)
    return build.build(found.blueprint, found.graph, surroundings, manager=FIELD_MANAGER, refused=refused, rules=rules)


def with_rights(plan: Plan, target: BoundTarget) -> Plan:
    """The same plan, which tells what its user may not do: for who looks at it and does not carry it out.

    Raises:
        Unreachable: when the target stops answering.
    """
    return plan.with_findings(rights.findings(target.cluster, plan))


def look(
    found: Declared, target: BoundTarget, estimates: Estimates = PRIORS, *, seen: Seen = NOTHING_SEEN
) -> Surroundings:
    """What the target holds of the kinds that are declared or stand in their way, and what it can do.

    `estimates` is how long objects are expected to take there; what has been `seen` of it is not asked for again.

    Raises:
        Unreachable: when the target stops answering.
    """
    also = preflight.kinds_to_know(found.blueprint, found.graph.edges)
    there = _kinds_there(found.blueprint.kinds, target.served)
    snapshot = observe.snapshot(target.cluster, found.blueprint, there, also=also, seen=seen)
    return Surroundings(snapshot, target.capabilities, target.identity.version, estimates=estimates)


def _kinds_there(declared: Kinds, served: Kinds) -> Kinds:
    """The kinds that may hold something: all but those that a definition declares which has not been applied yet."""
    named = ((kind, (kind.group, kind.kind)) for kind in declared)
    return Kinds(kind for kind, name in named if builtin().get(*name) or served.get(*name))


def event_of(plan: Plan, *, key: bytes, at: float) -> Planned:
    """The plan as it is told: with digests in the place of bodies."""
    return Planned(
        objects=tuple(
            PlannedObject(
                step.ref,
                step.manifest.origin,
                step.action,
                step.reason,
                digest(step.manifest.payload, key),
                step.awaited,
                step.tail,
                step.version,
                step.uid,
            )
            for step in plan.steps.values()
        ),
        edges=plan.edges,
        findings=plan.findings,
        limits=plan.limits,
        at=at,
        images=plan.images,
        expected=tuple(sorted(plan.expected)),
        waiting_claims=tuple(sorted(plan.rulebook.waiting_claims)),
    )
