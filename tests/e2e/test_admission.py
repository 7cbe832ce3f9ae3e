"""What a policy makes of a declaration while it is written: shown apart by the run that created the object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rebuild.providers.kwok.lab import Lab
from tests.e2e.accounts import kubectl
from tests.e2e.support import rebuild

pytestmark = pytest.mark.live

SOURCE = """
apiVersion: v1
kind: Namespace
metadata: {name: NAME}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NAME}
data: {color: blue, size: large}
"""


@pytest.fixture
def name(lab: Lab) -> Iterator[str]:
    """A namespace in which a policy of the cluster paints every ConfigMap red, and also the name of that policy."""
    chosen = f"admission-{uuid4().hex[:8]}"
    group, binding = "admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    painted = "Object{data: {'color': 'red'}}"
    spec = {
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "ours", "expression": f"object.metadata.namespace == '{chosen}'"}],
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": painted}}],
    }
    policy = {"apiVersion": group, "kind": "MutatingAdmissionPolicy", "metadata": {"name": chosen}, "spec": spec}
    bound = {"apiVersion": group, "kind": binding, "metadata": {"name": chosen}, "spec": {"policyName": chosen}}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": chosen}}
    items = [space, policy, bound]
    kubectl(lab, "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    _until_painted(lab, chosen)
    yield chosen
    left = ("mutatingadmissionpolicy", "mutatingadmissionpolicybinding", "namespace")
    kubectl(lab, "delete", *(f"{kind}/{chosen}" for kind in left), "--wait=false")


def _until_painted(lab: Lab, space: str) -> None:
    """The server learns of policies through a watch."""
    trial = ("create", "configmap", "trial", "-n", space, "--from-literal=color=blue", "--dry-run=server", "-o", "json")
    for _ in range(300):
        if json.loads(kubectl(lab, *trial))["data"]["color"] == "red":
            return
    raise AssertionError("the policy was not enforced")


def test_what_a_policy_changed_is_shown_apart_and_later_differs(lab: Lab, name: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "all.yaml").write_text(SOURCE.replace("NAME", name))
    target = ("--context", lab.context, "--kubeconfig", lab.kubeconfig, "-o", "json")

    applied = rebuild("apply", source, *target, "--yes")

    assert applied.code == 0, applied.stderr
    (changed,) = applied.json()["controllerOwned"]
    assert (changed["path"], changed["declared"], changed["live"]) == ("data.color", '"blue"', '"red"')
    assert changed["controller"] == "admission changed it when it was written"
    assert applied.json()["differences"] == []

    verified = rebuild("verify", source, *target, "--second-opinion")

    assert verified.code == 1, verified.stderr
    (difference,) = verified.json()["differences"]
    assert difference["path"] == "data.color"
    (opinion,) = [finding for finding in verified.json()["findings"] if finding["code"] == "second-opinion"]
    assert "a server-side apply would change nothing: admission puts back what lives" in opinion["message"]
