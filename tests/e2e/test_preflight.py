"""What stands in the way on a real target is told by `rebuild plan`, and it is what then happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rebuild.providers.kwok.lab import Lab
from tests.e2e.accounts import kubectl
from tests.e2e.support import Ran, rebuild

pytestmark = pytest.mark.live

CLASSES = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: there, namespace: NAME}
spec: {storageClassName: standard, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: lost, namespace: NAME}
spec: {storageClassName: NAME-fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: urgent, namespace: NAME}
spec: {priorityClassName: NAME-urgent, containers: [{name: web, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: critical, namespace: NAME}
spec: {priorityClassName: system-cluster-critical, containers: [{name: web, image: nginx}]}
"""
MISSING = "class-missing"
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: NAME}\ndata: {key: declared}\n"
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAME}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, resources: {requests: {cpu: 100m}}}]}
"""
OLD = """
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: web, namespace: NAME}
spec: {minAvailable: 1}
---
apiVersion: rbac.authorization.k8s.io/v1alpha1
kind: Role
metadata: {name: web, namespace: NAME}
"""


@pytest.fixture
def name(lab: Lab) -> Iterator[str]:
    """A namespace of the test's own, which is there already."""
    chosen = f"preflight-{uuid4().hex[:8]}"
    kubectl(lab, "create", "namespace", chosen)
    yield chosen
    kubectl(lab, "delete", "namespace", chosen, "--wait=false")


def run(verb: str, text: str, name: str, lab: Lab, folder: Path, *flags: str) -> Ran:
    (folder / "all.yaml").write_text(text.replace("NAME", name))
    return rebuild(verb, folder, "--context", lab.context, "--kubeconfig", lab.kubeconfig, "-o", "json", *flags)


def told(ran: Ran, code: str) -> list[dict[str, Any]]:
    found = [finding for finding in ran.json()["findings"] if finding["code"] == code]
    assert all(each["severity"] == "warning" and each["origin"] and each["nextStep"] for each in found)
    return found


def test_classes_are_looked_for_on_the_target(lab: Lab, name: str, tmp_path: Path) -> None:
    ran = run("plan", CLASSES, name, lab, tmp_path)

    assert ran.code == 0, ran.stderr
    messages = {each["message"].removesuffix(", which is neither declared nor there") for each in told(ran, MISSING)}
    assert messages == {
        f"v1/PersistentVolumeClaim/{name}/lost names the StorageClass '{name}-fast'",
        f"v1/Pod/{name}/urgent names the PriorityClass '{name}-urgent'",
    }
    assert not told(ran, "class-undeclared")


def test_a_field_that_somebody_else_owns_is_told_with_its_owner_and_then_refused(
    lab: Lab, name: str, tmp_path: Path
) -> None:
    kubectl(lab, "create", "configmap", "settings", "-n", name, "--from-literal=key=live")

    ran = run("plan", SETTINGS, name, lab, tmp_path)

    (finding,) = told(ran, "field-owned")
    assert finding["message"].endswith("the write would be refused: kubectl-create owns data.key")
    applied = run("apply", SETTINGS, name, lab, tmp_path, "--yes")
    assert applied.code == 1, applied.stderr
    (object_,) = applied.json()["objects"]
    assert object_["fault"]["cause"] == "field-conflict"


def test_what_a_controller_has_made_is_told_with_its_controller(lab: Lab, name: str, tmp_path: Path) -> None:
    kubectl(lab, "create", "configmap", "owner", "-n", name)
    uid = kubectl(lab, "get", "configmap", "owner", "-n", name, "-o", "jsonpath={.metadata.uid}")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "controller": True}
    kubectl(lab, "create", "configmap", "settings", "-n", name)
    patch = {"metadata": {"ownerReferences": [owner]}}
    kubectl(lab, "patch", "configmap", "settings", "-n", name, "--type=merge", f"--patch={json.dumps(patch)}")

    ran = run("plan", SETTINGS, name, lab, tmp_path)

    (finding,) = told(ran, "object-controlled")
    assert "controlled by ConfigMap owner" in finding["message"]
    assert not told(ran, "field-owned")


def test_a_quota_that_is_there_is_held_against_what_is_declared(lab: Lab, name: str, tmp_path: Path) -> None:
    kubectl(lab, "create", "quota", "tenant", "-n", name, "--hard=pods=2,requests.cpu=250m,count/deployments.apps=1")

    ran = run("plan", WEB, name, lab, tmp_path)

    (finding,) = told(ran, "quota-exceeded")
    assert finding["message"].endswith(
        f"takes more than v1/ResourceQuota/{name}/tenant allows: pods 3 of 2, requests.cpu 300m of 250m"
    )


def test_a_version_that_is_not_served_is_told_with_the_one_that_is(lab: Lab, name: str, tmp_path: Path) -> None:
    ran = run("plan", OLD, name, lab, tmp_path)

    assert ran.code == 1, ran.stderr
    assert [each["nextStep"] for each in told(ran, "api-removed")] == ["write it as policy/v1"]
    (finding,) = told(ran, "kind-not-served")
    assert finding["nextStep"].startswith("write it as rbac.authorization.k8s.io/v1")
