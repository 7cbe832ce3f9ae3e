"""What drift, audit and verification make of what was read, where a part of the cluster is down or odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.cluster.connect import connect
from rebuild.cluster.port import Identity
from rebuild.console.view import Silent
from rebuild.model.events import SourceRead
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.ops import audit, blueprint, drift
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import Declared
from rebuild.ops.drift import Seen
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget
from rebuild.ops.verify import Look, verify
from rebuild.plan.build import Surroundings
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.snapshot import Snapshot
from rebuild.report import judgement
from rebuild.report.judgement import Judgement
from tests.plan import support

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: nowhere
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {}}]
"""
SOURCE = SourceRead("/source", "", "", "", "")
THING = """\
apiVersion: dead.example.com/v1
kind: Thing
metadata: {name: one, namespace: shop}
spec: {free: text}
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: one, namespace: shop}
spec:
  ttlSecondsAfterFinished: 60
  template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}
"""
DEAD = """\
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.dead.example.com}
spec: {group: dead.example.com, version: v1, service: {name: nobody, namespace: shop}}
status: {conditions: [{type: Available, status: "False", message: nobody is there}]}
"""


@pytest.fixture
def target(tmp_path: Path) -> BoundTarget:
    """A target that nothing is asked of: all has been read."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    cluster = connect(context="nowhere", kubeconfig=tmp_path / "kubeconfig")
    return BoundTarget(cluster, Identity("uid", "v1.37.2", ""), Kinds([]), Capabilities(containers=True), "existing")


def declared(text: str) -> Declared:
    found = support.blueprint(text)
    return blueprint.judged(found, blueprint.ordered(found))


def test_an_object_of_an_api_that_is_down_is_not_checked_and_not_missing(target: BoundTarget) -> None:
    found, seen = declared(THING), Seen(Snapshot(support.objects(DEAD)), (), ())

    report, told = drift.compare(found, target, seen, SOURCE, key=b"key")

    thing = Ref.of("dead.example.com/v1", "Thing", "shop", "one")
    assert [line.drift.ref for line in told if line.drift.ref == thing] == []
    assert [(one.ref, one.why, one.is_declared) for one in report.unchecked] == [
        (thing, "its API does not answer: nobody is there", True)
    ]


def test_what_could_not_be_looked_at_is_a_gap_of_an_audit(target: BoundTarget) -> None:
    found, seen = declared(THING), Seen(Snapshot(support.objects(DEAD)), (), ())
    report, _ = drift.compare(found, target, seen, SOURCE, key=b"key")
    assert audit.unread(found, seen, report) == {Ref.of("dead.example.com/v1", "Thing", "shop", "one")}


def test_of_a_kind_that_could_not_be_read_nothing_is_said_to_have_removed_itself(target: BoundTarget) -> None:
    forbidden = {("batch", "Job", "v1"): Fault(Cause.FORBIDDEN, 403, "no")}
    report, told = drift.compare(declared(JOB), target, Seen(Snapshot([], forbidden), (), ()), SOURCE, key=b"key")
    assert (report.owned, told) == ([], [])


def test_an_object_that_is_nested_too_deeply_is_not_verified(target: BoundTarget) -> None:
    found = declared(THING)
    value: Body = {}
    for _ in range(1000):
        value = {"a": value}
    [live] = support.objects(THING)
    snapshot = Snapshot([{**live, "spec": {"free": value}}])
    run = Run("verify", listener=Silent(), durable=False)
    run.record(SOURCE)
    run.record(target.event)
    plan = plans.on_target(found, Surroundings(snapshot, target.capabilities))
    run.record(plans.event_of(plan, key=run.key, at=run.now()))

    verify(run, target, found.blueprint, plan, Look(seen=snapshot))

    [(ref, judged)] = judgement.judgements(run.ledger).items()
    assert judged is Judgement.UNVERIFIED
    verification = run.ledger.objects[ref].verification
    assert verification
    assert "nested too deeply" in verification.status.message
