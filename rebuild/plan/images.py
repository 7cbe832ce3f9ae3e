"""Which container images the declared workloads need, and which of their names promise nothing. Pure.

An image that is named by a tag that moves may have other content tomorrow: what comes back is then not what ran before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph import fields
from rebuild.graph.index import Workload
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding, Severity
from rebuild.model.images import Image, NeededImage
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref


def needed(blueprint: Blueprint) -> tuple[NeededImage, ...]:
    """The images of all pod templates and bare Pods, in order of their names; what is no name is left out."""
    policies: dict[Image, set[str]] = defaultdict(set)
    users: dict[Image, set[Ref]] = defaultdict(set)
    for manifest in blueprint:
        for text, policy in names(manifest):
            if image := Image.parse(text):
                policies[image].add(policy or image.pull_policy)
                users[image].add(manifest.ref)
    return tuple(NeededImage(i, tuple(sorted(policies[i])), tuple(sorted(users[i]))) for i in sorted(users))


def names(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Each image as a declaration writes it, with the pull policy that is written beside it."""
    workload = Workload.of(manifest)
    if workload is None:
        return
    for container in workload.containers:
        if text := fields.text(container, "image"):
            yield text, fields.text(container, "imagePullPolicy")
    for volume in dig_maps(workload.pod, "volumes"):
        if text := fields.text(volume, "image", "reference"):
            yield text, fields.text(volume, "image", "pullPolicy")


def findings(blueprint: Blueprint, images: tuple[NeededImage, ...]) -> Iterator[Finding]:
    """One for each image whose name does not say what will run, and one for each name that no runtime can read."""
    for need in images:
        if need.image.is_mutable:
            first, *others = need.users
            more = f" and {len(others)} more" if others else ""
            yield Finding(
                "image-tag-moves",
                Severity.WARNING,
                f"{first}{more} uses {need.image}: what came back may not be what ran before",
                first,
                blueprint.manifests[first].origin,
                "name a version, or better a digest",
            )
    for manifest in blueprint:
        for text in dict.fromkeys(text for text, _ in names(manifest) if not Image.parse(text)):
            yield Finding(
                "image-name-invalid",
                Severity.WARNING,
                f"{manifest.ref} names the image {text!r}, which no container runtime can read",
                manifest.ref,
                manifest.origin,
                "write it as registry/repository:tag",
            )
