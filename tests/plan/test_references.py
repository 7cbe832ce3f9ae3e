"""What declarations take for granted is said at plan time, and what has nowhere to go is not sent."""

from __future__ import annotations

from rebuild.model.findings import Severity
from rebuild.plan.steps import Action
from tests.plan import support

SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: NAMESPACE}\n"
POD = """
---
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: shop}
spec:
  serviceAccountName: runner
  containers: [{name: web, image: "web:1", envFrom: [{secretRef: {name: keys}}]}]
"""


def test_an_object_without_a_namespace_to_go_to_is_not_sent_and_the_rest_is() -> None:
    plan = support.plan(SETTINGS.replace("NAMESPACE", "ghost") + "---\n" + SETTINGS.replace("NAMESPACE", "shop"))

    actions = {ref.namespace: step.action for ref, step in plan.steps.items()}
    assert actions == {"ghost": Action.FAIL, "shop": Action.CREATE}
    (finding,) = plan.findings
    assert (finding.code, finding.severity) == ("namespace-missing", Severity.WARNING)
    assert "'ghost'" in finding.message
    assert str(finding.origin) == "declared.yaml:1"


def test_a_declared_namespace_is_a_place_to_go_to() -> None:
    home = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ghost}\n"
    plan = support.plan(SETTINGS.replace("NAMESPACE", "ghost") + home)
    assert {step.action for step in plan.steps.values()} == {Action.CREATE}
    assert not plan.findings


def test_what_is_used_and_not_declared_is_named_once_with_its_users() -> None:
    plan = support.plan(POD.replace("NAME", "a") + POD.replace("NAME", "b"))

    found = {str(finding.ref): finding.message for finding in plan.findings}
    assert set(found) == {"v1/Secret/shop/keys", "v1/ServiceAccount/shop/runner"}
    assert found["v1/Secret/shop/keys"].startswith("v1/Pod/shop/a and 1 more use v1/Secret/shop/keys")


def test_what_controllers_make_in_every_namespace_is_no_finding() -> None:
    plan = support.plan(
        POD.replace("NAME", "a")
        .replace("runner", "default")
        .replace("secretRef", "configMapRef")
        .replace("keys", "kube-root-ca.crt")
    )
    assert not plan.findings


def test_a_secret_that_a_declared_object_makes_is_no_finding() -> None:
    store = "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: keys, namespace: shop}\n"
    plan = support.plan(POD.replace("NAME", "a").replace("runner", "default") + store)
    assert {finding.code for finding in plan.findings} == {"kind-not-served", "sealed-secrets-key"}
