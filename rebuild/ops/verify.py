"""The verb `verify`: one list per kind, and a verdict on every declared object that could be sent. Writes nothing.

What was told of Pods is read as well: it explains the answer, and only a crash soon after changes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.health.compute import Rulebook
from rebuild.model.blueprint import Blueprint
from rebuild.model.events import IgnoreRulesUsed, ObjectVerified
from rebuild.model.faults import Fault
from rebuild.model.ignored import RuleUse
from rebuild.model.objects import Body
from rebuild.model.secrets import Secrets
from rebuild.model.states import Health, Status
from rebuild.ops import observe, pods, settling
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget
from rebuild.plan import build
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan
from rebuild.report.ledger import Ledger
from rebuild.verify.ignoring import Ignoring
from rebuild.verify.judge import judge

_NOT_THERE = Status(Health.NOT_FOUND, "does not exist")


def verify(run: Run, target: BoundTarget, blueprint: Blueprint, plan: Plan, *, counted: bool) -> None:
    """Compare what lives with what is declared, and record what is found of each object.

    Args:
        run: who is told.
        target: the cluster that is read.
        blueprint: what is declared.
        plan: what was to be done about it.
        counted: whether this ends a recovery, so that what was just started has to prove itself.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    with run.phase("verify", counted=counted):
        snapshot = observe.snapshot(target.cluster, blueprint, plan.kinds)
        for verified in _verified(snapshot, blueprint, plan, run.key):
            run.record(verified)
        if plan.ignoring.rules:
            run.record(_rules_used(run.ledger, plan.ignoring))
    live = pods.by_workload(run.ledger.objects, snapshot.of_kind("", "Pod"))
    secrets = Secrets.of(blueprint)

    def again() -> Iterator[ObjectVerified]:
        return _verified(observe.snapshot(target.cluster, blueprint, plan.kinds), blueprint, plan, run.key)

    crashes = counted and target.capabilities.containers
    live = settling.settle(run, target, plan, live, secrets, crashes=crashes, again=again)
    pods.look(run, target, live, secrets)


def _verified(snapshot: Snapshot, blueprint: Blueprint, plan: Plan, key: bytes) -> Iterator[ObjectVerified]:
    setting = build.setting_for(blueprint, snapshot, manager=FIELD_MANAGER, ignoring=plan.ignoring)
    for manifest in blueprint:
        if plan.steps[manifest.ref].action in (Action.FAIL, Action.HOLD_BACK):
            continue
        live = snapshot.get(manifest.ref)
        status = _status(live, snapshot.why_unread(manifest.ref), plan.rulebook)
        found = judge(manifest, live, status, setting=setting, key=key)
        yield ObjectVerified(
            found.ref, found.present, found.equal, status, found.differences, found.controller_owned, found.ignored
        )


def _rules_used(ledger: Ledger, ignoring: Ignoring) -> IgnoreRulesUsed:
    found = (record.verification for record in ledger.objects.values() if record.verification)
    counts = Counter(each.rule for one in found for each in one.ignored)
    rules = dict.fromkeys(rule for rule, _ in ignoring.rules)
    return IgnoreRulesUsed(tuple(RuleUse(rule, rule.is_expired(ignoring.today), counts[rule]) for rule in rules))


def _status(live: Body | None, unread: Fault | None, rulebook: Rulebook) -> Status:
    if live is not None:
        return rulebook.status(live)
    return Status(Health.UNKNOWN, f"could not be read: {unread.message}") if unread else _NOT_THERE
