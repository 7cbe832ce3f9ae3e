"""What the steps of a plan are, from what is declared and what lives."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rebuild.graph import build as graphs
from rebuild.model.kinds import Kind
from rebuild.model.objects import dig
from rebuild.model.refs import Ref
from rebuild.plan import build
from rebuild.plan.build import DEFAULT_CLASS, OFFLINE, Surroundings
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan, Step
from tests.plan import support

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {colour: blue}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1, resources: {requests: {cpu: 500m}}}]}
"""
LIVE_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  resourceVersion: "41"
  uid: 6f0c8b52-6e4c-4b5c-9f0c-2f5f7a1b8f3d
  generation: 1
  annotations: {deployment.kubernetes.io/revision: "1"}
  managedFields:
  - manager: rebuild
    operation: Apply
    apiVersion: apps/v1
    fieldsType: FieldsV1
    fieldsV1: {"f:spec": {"f:selector": {}, "f:template": {}}}
  - manager: kube-controller-manager
    operation: Update
    subresource: scale
    apiVersion: apps/v1
    fieldsType: FieldsV1
    fieldsV1: {"f:spec": {"f:replicas": {}}}
spec:
  replicas: REPLICAS
  revisionHistoryLimit: 10
  progressDeadlineSeconds: 600
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
  template:
    metadata: {labels: {app: web}}
    spec:
      restartPolicy: Always
      dnsPolicy: ClusterFirst
      containers:
      - {name: web, image: "web:IMAGE", imagePullPolicy: IfNotPresent, resources: {requests: {cpu: "0.5"}}}
status: {replicas: 2}
"""
AUTOSCALER = """
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""
DEFINITION = """
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1beta1, served: true, storage: false}
  - {name: v1, served: true, storage: true}
  - {name: v1alpha1, served: false, storage: false}
"""


def only(plan: Plan, kind: str) -> Step:
    (step,) = (step for step in plan.steps.values() if step.ref.kind == kind)
    return step


def live_deployment(*, replicas: int = 2, image: str = "1") -> str:
    return LIVE_DEPLOYMENT.replace("REPLICAS", str(replicas)).replace("IMAGE", image)


def test_what_does_not_live_is_created() -> None:
    step = only(support.plan(SETTINGS), "ConfigMap")
    assert (step.action, step.version, step.awaited, step.reason) == (Action.CREATE, 0, True, "")
    assert step.manifest.body["data"] == {"colour": "blue"}


def test_what_lives_as_declared_is_kept_whatever_the_server_added() -> None:
    plan = support.plan(DEPLOYMENT, live_deployment())
    step = only(plan, "Deployment")
    assert (step.action, step.version) == (Action.KEEP, 41)
    assert plan.count(Action.KEEP) == 1
    assert plan.count(Action.CREATE) == 0


def test_what_lives_otherwise_is_configured() -> None:
    step = only(support.plan(DEPLOYMENT, live_deployment(image="2")), "Deployment")
    assert (step.action, step.version) == (Action.CONFIGURE, 41)
    assert dig(step.manifest.body, "spec", "replicas") == 2


def test_a_field_of_a_controller_is_neither_a_reason_to_write_nor_written() -> None:
    declared = DEPLOYMENT + AUTOSCALER
    kept = only(support.plan(declared, live_deployment(replicas=7)), "Deployment")
    assert kept.action is Action.KEEP
    configured = only(support.plan(declared, live_deployment(replicas=7, image="2")), "Deployment")
    assert configured.action is Action.CONFIGURE
    assert "replicas" not in configured.manifest.body["spec"]
    assert dig(configured.manifest.body, "spec", "template") is not None


def test_an_autoscaler_that_only_lives_owns_replicas_as_well() -> None:
    live = live_deployment(replicas=7) + AUTOSCALER
    assert only(support.plan(DEPLOYMENT, live), "Deployment").action is Action.KEEP


def test_without_an_autoscaler_other_replicas_are_a_reason_to_write() -> None:
    step = only(support.plan(DEPLOYMENT, live_deployment(replicas=7)), "Deployment")
    assert step.action is Action.CONFIGURE
    assert dig(step.manifest.body, "spec", "replicas") == 2


def test_a_kind_that_nobody_knows_fails_with_a_finding_and_the_rest_goes_on() -> None:
    plan = support.plan(SETTINGS + "---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\n")
    step = only(plan, "Widget")
    assert step.action is Action.FAIL
    assert not step.awaited
    assert step.reason == (
        "example.com/v1 Widget is neither declared by a CustomResourceDefinition nor served by the target"
    )
    (finding,) = (each for each in plan.findings if each.code == "kind-not-served")
    assert (finding.ref, finding.origin) == (step.ref, step.manifest.origin)
    assert finding.message == f"{step.reason}: example.com/v1/Widget/-/a"
    assert finding.next_step
    assert only(plan, "ConfigMap").action is Action.CREATE


def test_a_version_that_is_not_served_fails_and_the_message_names_those_that_are() -> None:
    resource = "---\napiVersion: example.com/v1alpha1\nkind: Widget\nmetadata: {name: a}\n"
    step = only(support.plan(DEFINITION + resource), "Widget")
    assert step.action is Action.FAIL
    assert step.reason == "example.com/v1alpha1 Widget is not served; the kind is served as v1, v1beta1"


def test_a_version_that_kubernetes_removed_is_told_with_its_replacement_once_for_all_its_objects() -> None:
    budget = "---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: NAME, namespace: shop}\n"
    gone = "---\napiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: strict}\n"
    plan = support.plan(budget.replace("NAME", "a") + budget.replace("NAME", "b") + gone)
    assert {step.action for step in plan.steps.values()} == {Action.FAIL}
    budgets, policy = plan.findings
    assert (budgets.code, budgets.next_step) == ("api-removed", "write it as policy/v1")
    assert budgets.message == (
        "policy/v1beta1 PodDisruptionBudget is removed in Kubernetes 1.25: "
        "policy/v1beta1/PodDisruptionBudget/shop/a, policy/v1beta1/PodDisruptionBudget/shop/b"
    )
    assert policy.next_step == "take it out: nothing took its place"


def test_a_version_that_the_target_serves_still_is_told_before_an_upgrade() -> None:
    found = support.blueprint("{apiVersion: batch/v1beta1, kind: CronJob, metadata: {name: a, namespace: shop}}")
    old = Kind("batch", "CronJob", "cronjobs", namespaced=True, versions=("v1", "v1beta1"))
    found = replace(found, kinds=found.kinds.extended([old]))
    plan = build.build(found, graphs.build(found), OFFLINE, manager=support.MANAGER)
    assert [(each.code, each.next_step) for each in plan.findings if each.code.startswith("api")] == [
        ("api-deprecated", "write it as batch/v1")
    ]


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_every_served_version_of_a_declared_kind_can_be_sent(version: str) -> None:
    resource = f"---\napiVersion: example.com/{version}\nkind: Widget\nmetadata: {{name: a}}\n"
    assert only(support.plan(DEFINITION + resource), "Widget").action is Action.CREATE


def test_what_the_target_cannot_take_is_held_back_with_its_limit() -> None:
    converting = "  conversion: {strategy: Webhook, webhook: {clientConfig: {service: {namespace: a, name: a}}}}\n"
    resource = "---\napiVersion: example.com/v1beta1\nkind: Widget\nmetadata: {name: a}\n"
    plan = support.plan(DEFINITION + converting + resource, capabilities=support.SIMULATED)
    step = only(plan, "Widget")
    assert (step.action, step.awaited) == (Action.HOLD_BACK, False)
    (limit,) = plan.limits
    assert (limit.code, limit.ref, limit.message) == ("held-back-conversion", step.ref, step.reason)


def test_limits_of_the_gates_are_in_the_plan_and_their_edges_are_not() -> None:
    service = (
        "{name: v1.api.example.com}\nspec: {group: api.example.com, version: v1, service: {namespace: a, name: b}}"
    )
    text = f"""
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {service}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  annotations: {{config.kubernetes.io/depends-on: apiregistration.k8s.io/APIService/v1.api.example.com}}
"""
    plan = support.plan(text, capabilities=support.SIMULATED)
    assert {limit.code for limit in plan.limits} == {"apiservice-not-provable", "gate-not-provable"}
    assert not plan.edges
    assert not only(plan, "APIService").awaited


def test_the_expected_tails_of_the_graph_are_those_of_the_steps() -> None:
    found = support.blueprint(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---" + DEPLOYMENT + "---" + SETTINGS
    )
    graph = graphs.build(found)
    plan = build.build(found, graph, OFFLINE, manager=support.MANAGER)
    assert {ref: step.tail for ref, step in plan.steps.items()} == graph.tails
    tails = {ref.kind: tail for ref, tail in graph.tails.items()}
    assert tails["Namespace"] > tails["Deployment"] > tails["ConfigMap"] > 0


def test_findings_of_reading_and_of_the_graph_are_in_the_plan() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: 1234}\n"
    found = support.blueprint(text)
    assert found.findings
    plan = build.build(found, graphs.build(found), OFFLINE, manager=support.MANAGER)
    assert plan.findings == found.findings


CLAIM = """
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {CLASS}
"""


def storage_class(name: str, mode: str, *, default: bool = False) -> str:
    marks = f"{{{DEFAULT_CLASS}: 'true'}}" if default else "{}"
    return f"""
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: {name}, annotations: {marks}}}
provisioner: disk.example.com
volumeBindingMode: {mode}
"""


LATE = storage_class("late", "WaitForFirstConsumer")
AT_ONCE = storage_class("at-once", "Immediate")
DEFAULT_LATE = storage_class("late", "WaitForFirstConsumer", default=True)
DEFAULT_AT_ONCE = storage_class("at-once", "Immediate", default=True)


@pytest.mark.parametrize(
    ("spec", "declared", "live", "waits"),
    [
        ("storageClassName: late", LATE, "", True),
        ("storageClassName: late", "", LATE, True),
        ("storageClassName: at-once", AT_ONCE + LATE, "", False),
        ("storageClassName: unknown", LATE, "", False),
        ("", DEFAULT_LATE, "", True),
        ("", "", DEFAULT_LATE, True),
        ("", LATE, "", False),
        ("", LATE, DEFAULT_AT_ONCE, False),
        ("storageClassName: ''", DEFAULT_LATE, "", False),
        ("storageClassName: late, volumeName: disk-7", LATE, "", False),
    ],
)
def test_a_claim_of_a_class_that_binds_on_first_use_may_stay_pending(
    spec: str, declared: str, live: str, waits: bool
) -> None:
    plan = support.plan(declared + CLAIM.replace("CLASS", spec), live)
    claim = Ref("", "PersistentVolumeClaim", "shop", "data")
    assert plan.rulebook.waiting_claims == ({claim} if waits else set())


def test_a_plan_without_a_target_creates_everything() -> None:
    found = support.blueprint(support.SHOP + "\n---\n" + DEPLOYMENT + "---" + SETTINGS)
    plan = build.build(found, graphs.build(found), OFFLINE, manager=support.MANAGER)
    assert {step.action for step in plan.steps.values()} == {Action.CREATE}
    assert not plan.limits


def test_a_live_object_in_another_version_is_not_compared() -> None:
    resource = (
        "---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a, namespace: default}\nspec: {size: 1}\n"
    )
    found = support.blueprint(DEFINITION + resource)
    other = support.objects(resource.replace("/v1", "/v1beta1"))
    plan = build.build(found, graphs.build(found), Surroundings(Snapshot(other), support.REAL), manager=support.MANAGER)
    assert only(plan, "Widget").action is Action.CREATE
