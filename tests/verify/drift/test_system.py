"""Each reason why an undeclared object is all right has an object that it excuses, and one that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.plan.snapshot import ref_of
from rebuild.verify.drift import system

AROUND = system.Surroundings(
    "rebuild",
    produced=frozenset({Ref("", "Secret", "shop", "made")}),
    releases=frozenset({("flux", "chart")}),
    applications=frozenset({"web"}),
)


def thing(kind: str, name: str, *managers: str, api: str = "v1", namespace: str = "shop", **metadata: Any) -> Body:
    entries = [{"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z"} for manager in managers]
    frame = {"name": name, "managedFields": entries, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": {**frame, **metadata}}


EXCUSED = {
    "owned by another object": thing("Pod", "p", "k9s", ownerReferences=[{"kind": "ReplicaSet", "name": "r"}]),
    "a record of what happens in the cluster": thing("Lease", "l", "x", api="coordination.k8s.io/v1"),
    "made by a declared object": thing("Secret", "made", "operator"),
    "brought by a declared HelmRelease or Application": thing(
        "ConfigMap",
        "c",
        "helm-controller",
        labels={"helm.toolkit.fluxcd.io/name": "chart", "helm.toolkit.fluxcd.io/namespace": "flux"},
    ),
    "the record of a Helm release": thing("Secret", "sh.helm.release.v1.web.v1", "helm", labels={"owner": "helm"}),
    "a volume that a provisioner made": thing(
        "PersistentVolume", "pv", "p", namespace="", annotations={"pv.kubernetes.io/provisioned-by": "x"}
    ),
    "comes with every cluster": thing("ServiceAccount", "default"),
    "in a namespace of the system": thing("ConfigMap", "kubeadm-config", "x", namespace="kube-system"),
    "written by the cluster itself": thing("PersistentVolumeClaim", "data-db-0", "kube-controller-manager"),
}


@pytest.mark.parametrize("row", system.ROWS, ids=lambda row: row.reason)
def test_every_reason_excuses_what_it_is_for(row: system.Row) -> None:
    body = EXCUSED[row.reason]
    assert system.excuse(ref_of(body), body, AROUND) == row.reason


@pytest.mark.parametrize(
    "body",
    [
        thing("ConfigMap", "c", "jenkins"),
        thing("ConfigMap", "kube-root-ca.crt", "kube-controller-manager", "kubectl-edit"),
        {**thing("ServiceAccount", "default"), "imagePullSecrets": [{"name": "x"}]},
        thing("ConfigMap", "coredns", "kubectl-edit", namespace="kube-system"),
        thing("Secret", "made", "operator", "kubectl-patch"),
        thing("ConfigMap", "c", "helm", labels={"app.kubernetes.io/managed-by": "Helm"}),
        thing("ClusterRole", "admin", "k9s", api="rbac.authorization.k8s.io/v1", namespace=""),
    ],
    ids=lambda body: body["metadata"]["name"],
)
def test_what_a_person_or_nobody_known_made_is_not_excused(body: Body) -> None:
    assert system.excuse(ref_of(body), body, AROUND) == ""


def test_an_application_of_argo_is_read_from_its_tracking_id() -> None:
    body = thing(
        "ConfigMap", "c", "argocd-controller", annotations={"argocd.argoproj.io/tracking-id": "web:/ConfigMap:shop/c"}
    )
    assert system.excuse(ref_of(body), body, AROUND) == "brought by a declared HelmRelease or Application"
