"""Is what came back there to stay? A look that lasts for some time after verification, and takes back what relapses.

Without a readiness probe a container is ready as soon as it runs, and so is one that crashes in the next moment: where
containers are real, a crash loop would pass but for a second look a few seconds later. Whoever chooses a time has all
objects watched for that long. The recovery clock has stopped by then, as at any verification that passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue

from rebuild.cluster.port import ClusterFault
from rebuild.health import troubles
from rebuild.model.events import ObjectRelapsed, ObjectVerified
from rebuild.model.facts import HealthSeen, TroubleSeen
from rebuild.model.refs import Ref
from rebuild.model.secrets import Secrets
from rebuild.model.states import Health, Status
from rebuild.ops import pods
from rebuild.ops.pods import Pods
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget
from rebuild.plan.steps import Plan
from rebuild.report.judgement import FAILURES, judgements
from rebuild.report.ledger import passed
from rebuild.runner.threads import Facts
from rebuild.runner.watchers import Watchers
from rebuild.system import clock

SECONDS = 5.0
"""A process that cannot run ends well before, and the pause before its third start is longer."""


def settle(
    run: Run,
    target: BoundTarget,
    plan: Plan,
    live: Pods,
    secrets: Secrets,
    *,
    crashes: bool,
    again: Callable[[], Iterable[ObjectVerified]],
) -> Pods:
    """Look again, and record which verified objects have relapsed. What is not back at all is given no more time.

    Args:
        run: who is told; says for how long what came back has to stay.
        target: the cluster that is read.
        plan: what is declared, and how its health is judged.
        live: the Pods of declared workloads.
        secrets: what no message may repeat.
        crashes: whether to look for crashes in any case.
        again: verifies all objects once more.

    Returns:
        The Pods as they are now; those of before where they could not be read again.

    Raises:
        Unreachable: when objects cannot be verified once more.
    """
    stable = run.ledger.run.stable if run.ledger.run else 0.0
    if any(judgement in FAILURES for judgement in judgements(run.ledger).values()):
        stable = 0.0
    verified = {ref for ref, record in run.ledger.objects.items() if passed(record.verification)}
    look = crashes and target.served.get("", "Pod") is not None and not verified.isdisjoint(live)
    if not verified or not (stable or look):
        return live
    with run.phase("settle", counted=False):
        began = run.now()
        _watch(run, target, plan, verified, seconds=stable)
        clock.sleep(max(SECONDS - (run.now() - began), 0.0) if look else 0.0)
        if crashes:
            live = _crashed(run, target, live, verified, secrets)
        for found in again() if stable else ():
            if found.ref in verified and not passed(found):
                _relapse(run, found.ref, _status(found))
        return live


def _watch(run: Run, target: BoundTarget, plan: Plan, verified: set[Ref], *, seconds: float) -> None:
    """Follow all kinds whose objects can change their health, until the time is over."""
    until = run.now() + seconds
    facts: Facts = SimpleQueue()
    watchers = Watchers(target.cluster, facts, run.now, relevant=verified, rulebook=plan.rulebook)
    try:
        for ref in sorted(verified) if seconds else ():
            kind = plan.kinds.of(ref)
            if kind and plan.rulebook.has_readiness(ref):
                watchers.follow(kind, ref.version)
        while (left := until - run.now()) > 0:
            try:
                fact = facts.get(timeout=left)
            except Empty:
                break
            if isinstance(fact, BaseException):
                raise fact
            if isinstance(fact, HealthSeen) and fact.status.health not in (Health.CURRENT, Health.UNKNOWN):
                _relapse(run, fact.ref, fact.status)
    finally:
        watchers.close()


def _crashed(run: Run, target: BoundTarget, live: Pods, verified: set[Ref], secrets: Secrets) -> Pods:
    kind = target.served.get("", "Pod")
    if kind is None:
        return live
    try:
        live = pods.by_workload(run.ledger.objects, target.cluster.list(kind, "v1").items)
    except ClusterFault:
        return live
    for ref, bodies in live.items():
        found = troubles.crash(map(secrets.hidden, bodies))
        if ref in verified and found:
            run.record(TroubleSeen(ref, found, run.now()))
            _relapse(run, ref, Status(Health.IN_PROGRESS, found.message))
    return live


def _relapse(run: Run, ref: Ref, status: Status) -> None:
    """The first relapse of an object is the one that is told."""
    if run.ledger.objects[ref].relapse is None:
        run.record(ObjectRelapsed(ref, status, run.now()))


def _status(found: ObjectVerified) -> Status:
    """What became of it, in words that fit a health."""
    if found.present and found.differences:
        return Status(Health.IN_PROGRESS, f"differs in {', '.join(_paths(found))}")
    return found.status


def _paths(found: ObjectVerified) -> Iterator[str]:
    return (difference.path for difference in found.differences)
