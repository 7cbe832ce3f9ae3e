"""`rebuild` as a user who may not do everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rebuild.providers.kwok.lab import Lab
from tests.e2e.accounts import account, kubectl
from tests.e2e.support import our_writes, rebuild

pytestmark = pytest.mark.live

SOURCE = """
apiVersion: v1
kind: Namespace
metadata: {name: NAME}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NAME}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAME}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
"""
READ_CONTEXT = {
    "apiGroups": ["", "apps", "apiextensions.k8s.io", "autoscaling", "storage.k8s.io"],
    "resources": ["namespaces", "deployments", "customresourcedefinitions", "horizontalpodautoscalers"],
    "verbs": ["list", "watch"],
}


@pytest.fixture
def name(lab: Lab) -> Iterator[str]:
    """The namespace that the source declares, which is also the name of the user."""
    chosen = f"rights-{uuid4().hex[:8]}"
    yield chosen
    left = (f"{kind}/{chosen}" for kind in ("namespace", "clusterrole", "clusterrolebinding"))
    kubectl(lab, "delete", *left, "--ignore-not-found", "--wait=false")


@pytest.fixture
def source(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "all.yaml").write_text(SOURCE.replace("NAME", name))
    return folder


def test_all_missing_rights_are_told_before_the_first_write(lab: Lab, name: str, source: Path, tmp_path: Path) -> None:
    file = account(lab, name, tmp_path, READ_CONTEXT, {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["patch"]})
    mark = lab.audit_log.stat().st_size

    ran = rebuild("apply", source, "--context", lab.context, "--kubeconfig", file, "--yes")

    assert ran.code == 3, ran.stderr
    for line in (
        "list configmaps in the whole cluster",
        f"create, patch configmaps in namespace {name}",
        f"create deployments.apps in namespace {name}",
        "create, patch namespaces in the whole cluster",
    ):
        assert f"  {line}" in ran.stderr
    assert "nothing was written" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not our_writes(lab.audit_log, since=mark)


def test_a_plan_tells_what_is_missing_and_where_it_is_needed(lab: Lab, name: str, source: Path, tmp_path: Path) -> None:
    file = account(lab, name, tmp_path, READ_CONTEXT)

    ran = rebuild("plan", source, "--context", lab.context, "--kubeconfig", file, "-o", "json")

    assert ran.code == 0, ran.stderr
    missing = {f["message"]: f["origin"]["line"] for f in ran.json()["findings"] if f["code"] == "right-missing"}
    assert missing == {
        "this user may not create, patch namespaces in the whole cluster": 2,
        "this user may not list configmaps in the whole cluster": 6,
        f"this user may not create, patch configmaps in namespace {name}": 6,
        f"this user may not create, patch deployments.apps in namespace {name}": 10,
    }


def test_the_rights_that_the_documentation_names_are_enough(lab: Lab, name: str, source: Path, tmp_path: Path) -> None:
    resources = {"apiGroups": ["", "apps"], "resources": ["namespaces", "configmaps", "deployments"]}
    file = account(lab, name, tmp_path, resources | {"verbs": ["list", "watch", "patch", "create"]})

    ran = rebuild("apply", source, "--context", lab.context, "--kubeconfig", file, "--yes", "-o", "json")

    assert ran.code == 0, ran.stderr
    assert {one["outcome"] for one in ran.json()["objects"]} == {"created"}


def test_a_kind_that_may_not_be_read_is_named_and_not_called_missing(
    lab: Lab, name: str, source: Path, tmp_path: Path
) -> None:
    assert rebuild("apply", source, "--context", lab.context, "--kubeconfig", lab.kubeconfig, "--yes").code == 0
    file = account(lab, name, tmp_path, READ_CONTEXT)

    ran = rebuild("verify", source, "--context", lab.context, "--kubeconfig", file, "-o", "json")

    assert ran.code == 1, ran.stderr
    report = ran.json()
    judged = {one["ref"].split("/")[-3]: (one["judgement"], one["verified"]) for one in report["objects"]}
    assert judged["ConfigMap"] == ("unverified", None)
    assert judged["Deployment"] == ("verified", True)
    assert "not verified: denied" in report["exit"]["reason"]
    unreadable = [finding["message"] for finding in report["findings"] if finding["code"] == "kind-unreadable"]
    assert any("v1 ConfigMap" in message for message in unreadable)


def test_a_user_without_any_rights_is_told_what_to_ask_for(lab: Lab, name: str, source: Path, tmp_path: Path) -> None:
    file = account(lab, name, tmp_path)
    kubectl(lab, "delete", "clusterrolebinding", name)

    ran = rebuild("plan", source, "--context", lab.context, "--kubeconfig", file)

    assert ran.code == 5, ran.stderr
    assert "kube-system" in ran.stderr
    assert "allow this user to get it" in ran.stderr
