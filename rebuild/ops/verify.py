"""The verb `verify`: one list per kind, and a verdict on every declared object. Writes nothing.

What was told of Pods is read as well: it explains the answer, and only a crash soon after changes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.model.blueprint import Blueprint
from rebuild.model.events import IgnoreRulesUsed, ObjectVerified
from rebuild.model.faults import Cause, Fault
from rebuild.model.objects import Body, Manifest
from rebuild.model.secrets import Secrets
from rebuild.model.states import Health, Outcome, Status
from rebuild.ops import observe, pods, settling
from rebuild.ops.run import Run
from rebuild.ops.second_opinion import SecondOpinion
from rebuild.ops.target import BoundTarget
from rebuild.plan import build
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan, Step
from rebuild.report.ledger import Ledger
from rebuild.verify.controllers import Setting
from rebuild.verify.ignoring import Ignoring
from rebuild.verify.judge import judge
from rebuild.verify.opinion import dissent as disagreement

_NOT_THERE = Status(Health.NOT_FOUND, "does not exist")
_TOO_DEEP = Status(Health.UNKNOWN, "not verified: it is nested too deeply to be compared")


class Look(Struct, frozen=True):
    """How verification looks. `counted`: this ends a recovery, so that what was just started has to prove itself.

    `second_opinion`: the server is asked about each object, too. `seen`: what was read for the plan, where nothing has
    been written since: nothing is read twice.
    """

    counted: bool = False
    second_opinion: bool = False
    seen: Snapshot | None = None


def verify(run: Run, target: BoundTarget, blueprint: Blueprint, plan: Plan, look: Look) -> None:
    """Compare what lives with what is declared, and record what is found of each object.

    Args:
        run: who is told.
        target: the cluster that is read.
        blueprint: what is declared.
        plan: what was to be done about it.
        look: how to look.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    with run.phase("verify", counted=look.counted):
        snapshot = look.seen or observe.snapshot(target.cluster, blueprint, plan.kinds)
        for found in _all(run, target, blueprint, plan, look, snapshot):
            run.record(found)
        if plan.ignoring.rules:
            run.record(_rules_used(run.ledger, plan.ignoring))
    live = pods.by_workload(run.ledger.objects, snapshot.of_kind("", "Pod"))
    secrets = Secrets.of(blueprint)

    def again() -> Iterator[ObjectVerified]:
        now = observe.snapshot(target.cluster, blueprint, plan.kinds)
        return _all(run, target, blueprint, plan, Look(counted=look.counted), now)

    crashes = look.counted and target.capabilities.containers
    live = settling.settle(run, target, plan, live, secrets, crashes=crashes, again=again)
    pods.look(run, target, live, secrets)


def _all(
    run: Run, target: BoundTarget, blueprint: Blueprint, plan: Plan, look: Look, snapshot: Snapshot
) -> Iterator[ObjectVerified]:
    """The verdict on every object that is to be verified."""
    setting = build.setting_for(blueprint, snapshot, manager=FIELD_MANAGER, ignoring=plan.ignoring)
    opinion = SecondOpinion(target.cluster, plan.kinds, setting) if look.second_opinion else None
    created = {ref for ref, record in run.ledger.objects.items() if record.outcome is Outcome.CREATED}
    for manifest in blueprint:
        step = plan.steps[manifest.ref]
        if step.action is Action.HOLD_BACK or (step.action is Action.FAIL and look.counted):
            continue
        one = _One(manifest, step, snapshot.get(manifest.ref), _status(snapshot, plan, step))
        try:
            yield _verified(one, setting, run.key, opinion, created=manifest.ref in created)
        except RecursionError:
            yield ObjectVerified(manifest.ref, False, False, _TOO_DEEP, (), ())


class _One(Struct, frozen=True):
    """One object to be verified: as it is declared, as it was planned, as it lives."""

    manifest: Manifest
    step: Step
    live: Body | None
    status: Status


def _verified(
    one: _One, setting: Setting, key: bytes, opinion: SecondOpinion | None, *, created: bool
) -> ObjectVerified:
    answer: Body | Fault | None = None
    if opinion and one.live is not None:
        answer = opinion.of(one.step.manifest, one.live)
    found = judge(one.manifest, one.live, one.status, setting=setting, key=key, created=created)
    dissent = ""
    if isinstance(answer, Fault):
        dissent = f"the API server gives no second opinion: {answer.message}"
    elif answer is not None and one.live is not None:
        dissent = disagreement(found, one.live, answer)
    return ObjectVerified(
        found.ref,
        found.present,
        found.equal,
        one.status,
        found.differences,
        found.controller_owned,
        found.ignored,
        dissent,
    )


def _rules_used(ledger: Ledger, ignoring: Ignoring) -> IgnoreRulesUsed:
    found = (record.verification for record in ledger.objects.values() if record.verification)
    return IgnoreRulesUsed(ignoring.uses(each.rule for one in found for each in one.ignored))


def _status(snapshot: Snapshot, plan: Plan, step: Step) -> Status:
    """The health of a live object, or what is known of one that is not to be seen."""
    ref = step.manifest.ref
    live, unread, kind = snapshot.get(ref), snapshot.why_unread(ref), plan.kinds.of(ref)
    if live is not None:
        return plan.rulebook.status(live)
    if unread:
        return Status(Health.UNKNOWN, f"not verified: {unread.cause}: {unread.message}")
    if kind is None or ref.version not in kind.versions:
        # Whoever serves it may only be down; what nobody serves cannot be looked for.
        return Status(Health.UNKNOWN, f"not verified: {Cause.NOT_SERVED}: {step.reason}")
    return _NOT_THERE
