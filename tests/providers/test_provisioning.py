from __future__ import annotations

from typing import Any

import pytest

from rebuild.model.objects import Body
from rebuild.providers.kwok import provisioning

CLASS: Body = {"metadata": {"name": "fast"}, "provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Retain"}
WAITING = CLASS | {"volumeBindingMode": "WaitForFirstConsumer"}


def claim(*, spec: dict[str, Any] | None = None, deleted: bool = False, **annotations: str) -> Body:
    marks = {"provisioner": provisioning.STORAGE_PROVISIONER, "node": provisioning.SELECTED_NODE}
    metadata: Body = {"namespace": "shop", "name": "data", "uid": "u-1"}
    metadata["annotations"] = {marks[key]: value for key, value in annotations.items()}
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}}
    return {"metadata": metadata, "spec": asked | (spec or {})}


def test_a_claim_gets_a_volume_that_is_bound_to_it_by_uid() -> None:
    volume = provisioning.volume_for(claim(provisioner="ebs.csi.aws.com"), CLASS | {"mountOptions": ["noatime"]})
    assert volume == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pvc-u-1", "annotations": {provisioning.PROVISIONED_BY: "ebs.csi.aws.com"}},
        "spec": {
            "capacity": {"storage": "8Gi"},
            "accessModes": ["ReadWriteOnce"],
            "volumeMode": "Filesystem",
            "storageClassName": "fast",
            "persistentVolumeReclaimPolicy": "Retain",
            "mountOptions": ["noatime"],
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": "shop",
                "name": "data",
                "uid": "u-1",
            },
            "hostPath": {"path": "/var/lib/rebuild-lab/volumes/pvc-u-1"},
        },
    }


def test_the_claims_volume_mode_is_the_volumes() -> None:
    volume = provisioning.volume_for(claim(provisioner="x", spec={"volumeMode": "Block"}), CLASS)
    assert volume is not None
    assert volume["spec"]["volumeMode"] == "Block"


@pytest.mark.parametrize(
    ("asked", "storage_class"),
    [
        (claim(), CLASS),
        (claim(provisioner="x", spec={"volumeName": "pv-1"}), CLASS),
        (claim(provisioner="x", spec={"selector": {"matchLabels": {"disk": "archive"}}}), CLASS),
        (claim(provisioner="x", deleted=True), CLASS),
        (claim(provisioner="x"), WAITING),
    ],
    ids=["nobody-was-asked", "has-a-volume", "selects-one", "is-being-deleted", "no-pod-yet"],
)
def test_a_claim_that_is_not_ours_to_serve_gets_none(asked: Body, storage_class: Body) -> None:
    assert provisioning.volume_for(asked, storage_class) is None


def test_a_waiting_class_is_served_once_the_scheduler_chose_a_node() -> None:
    assert provisioning.volume_for(claim(provisioner="x", node="node-000001"), WAITING) is not None


def service(kind: str = "LoadBalancer", ip: str = "", **spec: str) -> Body:
    status = {"loadBalancer": {"ingress": [{"ip": ip}]}} if ip else {"loadBalancer": {}}
    return {"metadata": {"name": "web"}, "spec": {"type": kind} | spec, "status": status}


def test_addresses_are_handed_out_once() -> None:
    first = provisioning.address_for(service(), set())
    assert first == "198.18.0.1"
    assert provisioning.address_for(service(), {first}) == "198.18.0.2"


def test_a_wished_address_is_given_while_it_is_free() -> None:
    wish = service(loadBalancerIP="203.0.113.7")
    assert provisioning.address_for(wish, set()) == "203.0.113.7"
    assert provisioning.address_for(wish, {"203.0.113.7"}) == "198.18.0.1"


@pytest.mark.parametrize("other", [service("ClusterIP"), service(ip="198.18.0.9")])
def test_a_service_that_wants_none_or_has_one_is_left_alone(other: Body) -> None:
    assert provisioning.address_for(other, set()) is None
