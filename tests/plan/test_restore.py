"""The plan of a run that was cut short, out of its record and its source again: the same, or nothing."""

from __future__ import annotations

import pytest

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.model import kinds
from rebuild.model.events import Planned
from rebuild.model.refs import Ref
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import Declared, declared
from rebuild.plan import restore
from rebuild.plan.build import Surroundings
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.rules import NO_RULES
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan

KEY = b"k" * 32
KWOK = Capabilities(containers=False)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: shop}\ndata: {key: %s}\n"
SHOP = "\n---\n".join(
    [
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}",
        CONFIG % ("a", "old"),
        CONFIG % ("b", "old"),
        # Held back on simulated nodes, and changed to fit them.
        (
            "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.example.com}\n"
            "spec: {group: example.com, version: v1, groupPriorityMinimum: 1, versionPriority: 1, "
            "service: {name: x, namespace: shop}}"
        ),
        (
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\n"
            "webhooks: [{name: w.example.com, admissionReviewVersions: [v1], sideEffects: None, "
            "clientConfig: {service: {name: x, namespace: shop}}}]"
        ),
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: shop}",
        # Cannot be sent at all.
        "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: lost, namespace: shop}",
        (
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: late, namespace: shop}\n"
            "spec: {storageClassName: late, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"
        ),
        (
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: late}\nprovisioner: x\n"
            "volumeBindingMode: WaitForFirstConsumer"
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\n"
            "spec: {containers: [{name: c, image: 'x:1'}]}"
        ),
    ]
)
HPA = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'x:1'}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""


def read(text: str) -> Declared:
    return declared([Source("test", (SourceFile("all.yaml", text.encode()),))], kinds=kinds.builtin(), namespace="shop")


def planned(text: str, snapshot: Snapshot, *, key: bytes = KEY) -> tuple[Plan, Planned]:
    plan = plans.on_target(read(text), Surroundings(snapshot, KWOK, "v1.37.2"))
    return plan, plans.event_of(plan, key=key, at=1.0)


def restored(record: Planned, text: str, snapshot: Snapshot, *, key: bytes = KEY) -> Plan:
    return restore.restored(
        record, read(text).blueprint, Surroundings(snapshot, KWOK), NO_RULES, manager=FIELD_MANAGER, key=key
    )


EMPTY = Snapshot(())
LATER = Snapshot([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}])


def same(one: Plan, other: Plan) -> bool:
    """All that the engine and the writers look at."""
    payloads = [{ref: step.manifest.payload for ref, step in each.steps.items()} for each in (one, other)]
    steps = [
        {ref: (s.action, s.awaited, s.tail, s.version, s.reason) for ref, s in each.steps.items()}
        for each in (one, other)
    ]
    rest = [
        (each.edges, each.expected, each.rulebook.waiting_claims, each.limits, each.images) for each in (one, other)
    ]
    return payloads[0] == payloads[1] and steps[0] == steps[1] and rest[0] == rest[1]


def test_the_same_source_gives_the_same_plan_whatever_lives_by_now() -> None:
    plan, record = planned(SHOP, EMPTY)
    assert {Action.CREATE, Action.HOLD_BACK, Action.FAIL} <= {step.action for step in plan.steps.values()}
    assert plan.expected
    assert plan.rulebook.waiting_claims
    assert same(restored(record, SHOP, LATER), plan)


def test_what_a_controller_owned_then_is_left_out_again() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "5"},
        "spec": {"replicas": 7},
    }
    plan, record = planned(HPA, Snapshot([deployment]))
    web = plan.steps[Ref.of("apps/v1", "Deployment", "shop", "web")]
    assert web.action is Action.CONFIGURE
    assert "replicas" not in web.manifest.body["spec"]
    assert same(restored(record, HPA, Snapshot([deployment])), plan)


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (CONFIG % ("b", "old"), CONFIG % ("b", "new"), "b"),
        (CONFIG % ("b", "old"), CONFIG % ("c", "old"), "b"),
        (CONFIG % ("b", "old"), CONFIG % ("b", "old") + "---\n" + CONFIG % ("c", "old"), "c"),
    ],
    ids=["other value", "other object", "one more"],
)
def test_a_source_that_declares_something_else_is_refused_with_the_object(
    before: str, after: str, changed: str
) -> None:
    _, record = planned(SHOP, EMPTY)
    with pytest.raises(restore.Changed) as caught:
        restored(record, SHOP.replace(before, after), EMPTY)
    assert caught.value.refs[0].name == changed


def test_a_record_of_another_key_fits_nothing() -> None:
    _, record = planned(SHOP, EMPTY)
    with pytest.raises(restore.Changed):
        restored(record, SHOP, EMPTY, key=b"other")
