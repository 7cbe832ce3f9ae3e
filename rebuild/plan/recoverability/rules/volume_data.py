"""Git holds the declaration of a volume and not its data: a rebuilt claim is empty unless a declared volume holds it.

A claim that names its PersistentVolume, or that one is reserved for, gets that volume's data back where its disk still
exists; the others get new disks. A StatefulSet makes a claim for each of its Pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Body, Manifest, dig, dig_list, dig_maps
from rebuild.model.wording import counted
from rebuild.plan.recoverability import wording

_WRITTEN = ("DirectoryOrCreate", "FileOrCreate")
"""Types of hostPath that a Pod expects to make itself, so it keeps something there."""


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for all claims that start empty, one for all volumes of nodes, one for all declared disks."""
    volumes = list(index.of_kind("", "PersistentVolume"))
    reserved = {
        (text(v.body, "spec", "claimRef", "namespace"), text(v.body, "spec", "claimRef", "name")) for v in volumes
    }
    claims = [
        claim
        for claim in index.of_kind("", "PersistentVolumeClaim")
        if (claim.ref.namespace, claim.ref.name) not in reserved
        and not text(claim.body, "spec", "volumeName")
        and not dig(claim.body, "spec", "dataSource")
        and not dig(claim.body, "spec", "dataSourceRef")
    ]
    claims += [
        sts
        for sts in index.of_kind("apps", "StatefulSet")
        if any(
            not _is_reserved(sts, template, reserved) for template in dig_maps(sts.body, "spec", "volumeClaimTemplates")
        )
    ]
    if claims:
        yield _warning(
            "volume-data",
            claims,
            f"what is stored by {wording.listed(claims)} is not in Git: the volumes of"
            f" {counted(len(claims), 'object')} come back empty",
            "restore them from a backup, and count its time in a recovery",
        )
    if volumes:
        yield _warning(
            "volume-disk",
            volumes,
            f"the disks of {counted(len(volumes), 'declared volume')} ({wording.listed(volumes)}) have to"
            " outlive the cluster",
            "make sure that they are kept, and that the new cluster reaches them",
        )
    keepers = on_nodes(index)
    if keepers:
        yield _warning(
            "node-data",
            keepers,
            f"what is kept in folders of nodes by {wording.listed(keepers)} is neither in Git nor on a new node",
            "use a PersistentVolumeClaim for what has to come back",
        )


def on_nodes(index: Index) -> list[Manifest]:
    """The workloads that keep something in folders of their nodes."""
    return [item for item in (index.get(w.ref) for w in index.workloads if _writes_to_node(w.pod)) if item]


def _is_reserved(sts: Manifest, template: Body, reserved: set[tuple[str, str]]) -> bool:
    """Whether a declared volume is reserved for the claim of the first Pod."""
    return (sts.ref.namespace, f"{text(template, 'metadata', 'name')}-{sts.ref.name}-0") in reserved


def _writes_to_node(pod: Body) -> bool:
    made = {text(volume, "name") for volume in dig_maps(pod, "volumes") if text(volume, "hostPath", "type") in _WRITTEN}
    return any(
        text(mount, "name") in made and dig(mount, "readOnly") is not True
        for container in dig_list(pod, "containers")
        for mount in dig_maps(container, "volumeMounts")
    )


def _warning(code: str, items: list[Manifest], message: str, step: str) -> Finding:
    return Finding(code, Severity.WARNING, message, items[0].ref, items[0].origin, step)
