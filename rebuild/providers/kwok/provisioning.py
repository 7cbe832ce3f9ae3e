"""The decisions of the lab's cloud: which volume answers a claim, which address answers a Service. Pure.

Nothing is stored and nothing is reachable behind them; what counts is that the objects exist as they would in
a cloud, so that controllers and readers of the cluster find what they expect.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Set

from rebuild.model.objects import Body, dig, dig_list, dig_maps

STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
"""The controller-manager sets it on a claim that an external provisioner shall serve."""
SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""The scheduler sets it on a claim of a WaitForFirstConsumer class once a Pod has a place."""
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
"""Marks a volume as dynamically provisioned."""

ADDRESSES = ipaddress.ip_network("198.18.0.0/15")
"""Set aside for tests of network equipment (RFC 2544): never routed on the Internet."""


def volume_for(claim: Body, storage_class: Body) -> Body | None:
    """The PersistentVolume to create for a claim, or None when it is not, or not yet, ours to serve.

    Every provisioner's claims are served, since no provisioner runs on simulated nodes; not those with a selector,
    which provisioners refuse (external-provisioner: "claim Selector is not supported"). The volume is bound
    to the claim by UID, and the controller-manager completes the binding. Its source is hostPath: a CSI
    source would make the attach controller wait for a driver.
    """
    annotations = dig(claim, "metadata", "annotations") or {}
    provisioner = annotations.get(STORAGE_PROVISIONER)
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and SELECTED_NODE not in annotations
    gone = dig(claim, "metadata", "deletionTimestamp") is not None
    if not provisioner or waits or gone or dig(claim, "spec", "volumeName") or dig(claim, "spec", "selector"):
        return None
    uid = claim["metadata"]["uid"]
    name = f"pvc-{uid}"
    spec = {
        "capacity": {"storage": dig(claim, "spec", "resources", "requests", "storage")},
        "accessModes": dig_list(claim, "spec", "accessModes"),
        "volumeMode": dig(claim, "spec", "volumeMode") or "Filesystem",
        "storageClassName": storage_class["metadata"]["name"],
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": claim["metadata"]["namespace"],
            "name": claim["metadata"]["name"],
            "uid": uid,
        },
        "hostPath": {"path": f"/var/lib/rebuild-lab/volumes/{name}"},
    }
    if options := dig_list(storage_class, "mountOptions"):
        spec["mountOptions"] = options
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: provisioner}},
        "spec": spec,
    }


def address_for(service: Body, taken: Set[str]) -> str | None:
    """The address to give to a Service, or None when it wants none or has one.

    Every load balancer class is served, as no other controller runs. `spec.loadBalancerIP` is honoured while
    free.
    """
    if dig(service, "spec", "type") != "LoadBalancer" or addresses_of(service):
        return None
    if dig(service, "metadata", "deletionTimestamp") is not None:
        return None
    wish = dig(service, "spec", "loadBalancerIP")
    if wish and wish not in taken:
        return str(wish)
    return next(text for text in map(str, ADDRESSES.hosts()) if text not in taken)


def addresses_of(service: Body) -> tuple[str, ...]:
    """The addresses that the Service has."""
    rows = dig_maps(service, "status", "loadBalancer", "ingress")
    return tuple(row["ip"] for row in rows if row.get("ip"))
