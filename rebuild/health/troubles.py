"""What keeps a Pod from running, and whose Pod it is: read from the Pod alone.

Source: the reasons that kubernetes/pkg/kubelet (images/types.go, container/sync_result.go, kuberuntime) writes into
container statuses, and the PodScheduled condition of the scheduler. Volumes that cannot be mounted show in events
alone: such a Pod is starting here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rebuild.health import conditions, fields
from rebuild.health.kinds.pods import ORDINARY_WAITS
from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.model.troubles import Trouble, TroubleKind

LONGEST: Final = 400
"""Characters of a foreign message that are kept."""
HASH_LABEL: Final = "pod-template-hash"
"""A Deployment puts it on its ReplicaSets, at the end of their names and on their Pods."""
_IMAGE_REASONS: Final = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
_ORDER: Final = {kind: position for position, kind in enumerate(TroubleKind)}


def trouble(body: Body) -> Trouble | None:
    """What keeps a Pod from running and being ready; None when nothing does, or when it is to go. Raises nothing."""
    if dig(body, "metadata", "deletionTimestamp") or fields.text(body, "status", "phase") == "Succeeded":
        return None
    if conditions.find_true(body, "Ready"):
        return None
    found = worst(_of_containers(body)) or _of_pod(body)
    message = f"Pod {fields.text(body, 'metadata', 'name')}: {found.message}"
    return Trouble(found.kind, cut(message), found.image)


def crash(bodies: Iterable[Body]) -> Trouble | None:
    """How a process of these Pods ended that keeps its Pod now.

    A failed Pod of a controller counts for nothing: it was replaced, and stays to be looked at.
    """
    counted = (body for body in bodies if owner(body).kind == "Pod" or fields.text(body, "status", "phase") != "Failed")
    crashes = (TroubleKind.CRASH, TroubleKind.OUT_OF_MEMORY)
    return worst(found for found in map(trouble, counted) if found and found.kind in crashes)


def worst(troubles: Iterable[Trouble]) -> Trouble | None:
    """The one to tell of; of equals the first."""
    return min(troubles, key=lambda found: (_ORDER[found.kind], found.image), default=None)


def owner(body: Body) -> Ref:
    """Who made a Pod: the Deployment behind its ReplicaSet, else its controller, else nobody but itself."""
    namespace, name = fields.text(body, "metadata", "namespace"), fields.text(body, "metadata", "name")
    for made in dig_maps(body, "metadata", "ownerReferences"):
        if not fields.flag(made, "controller"):
            continue
        maker = Ref.of(fields.text(made, "apiVersion"), fields.text(made, "kind"), namespace, fields.text(made, "name"))
        suffix = f"-{fields.text(body, 'metadata', 'labels', HASH_LABEL)}"
        if maker.group_kind == ("apps", "ReplicaSet") and len(suffix) > 1 and maker.name.endswith(suffix):
            return Ref("apps", "Deployment", namespace, maker.name.removesuffix(suffix))
        return maker
    return Ref("", "Pod", namespace, name)


def cut(text: str) -> str:
    """Foreign text of bounded length."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _of_pod(body: Body) -> Trouble:
    """Where no container says anything."""
    if unscheduled := conditions.find_false(body, "PodScheduled"):
        is_volume = "PersistentVolumeClaim" in unscheduled.message or "persistentvolumeclaim" in unscheduled.message
        kind = TroubleKind.VOLUME if is_volume else TroubleKind.UNSCHEDULABLE
        return Trouble(kind, f"is on no node: {unscheduled.explanation}")
    if fields.text(body, "status", "phase") == "Failed":
        because = fields.text(body, "status", "message") or fields.text(body, "status", "reason")
        return Trouble(TroubleKind.CRASH, f"failed: {because}" if because else "failed")
    because = conditions.explanation(body, "Ready")
    if fields.text(body, "status", "phase") == "Running":
        return Trouble(TroubleKind.NOT_READY, f"runs and is not ready: {because}" if because else "is not ready")
    return Trouble(TroubleKind.STARTING, f"has not started: {because}" if because else "has not started")


def _of_containers(body: Body) -> Iterator[Trouble]:
    for containers, statuses, is_first in (
        ("initContainers", "initContainerStatuses", True),
        ("containers", "containerStatuses", False),
    ):
        images = {fields.text(c, "name"): fields.text(c, "image") for c in dig_maps(body, "spec", containers)}
        for status in dig_maps(body, "status", statuses):
            name = fields.text(status, "name")
            image = images.get(name) or fields.text(status, "image")
            if not fields.flag(status, "ready") and (found := _of_container(status, name, image, is_first=is_first)):
                yield found


def _of_container(status: Body, name: str, image: str, *, is_first: bool) -> Trouble | None:
    reason = fields.text(status, "state", "waiting", "reason")
    message = fields.text(status, "state", "waiting", "message")
    because = f"{reason}: {message}" if message else reason
    if reason in _IMAGE_REASONS:
        because = because.replace(f'Back-off pulling image "{image}": ', "")
        return Trouble(TroubleKind.IMAGE, f"container {name} does not get its image {image}: {because}", image)
    if reason == "CreateContainerConfigError":
        return Trouble(TroubleKind.CONFIG, f"container {name} cannot be made: {message or reason}")
    if end := _end(status):
        kind = TroubleKind.OUT_OF_MEMORY if fields.text(end, "reason") == "OOMKilled" else TroubleKind.CRASH
        return Trouble(kind, f"container {name} {_told(end, fields.count(status, 'restartCount'))}")
    if reason not in ORDINARY_WAITS:
        return Trouble(TroubleKind.START, f"container {name} cannot be started: {because}")
    if dig(status, "state", "running") is None:
        # One that has ended well is either an init container or on the way to its next start.
        ended = dig(status, "state", "terminated") is not None
        return None if ended else Trouble(TroubleKind.STARTING, f"container {name} waits: {reason or 'no reason yet'}")
    if is_first:
        return Trouble(TroubleKind.STARTING, f"init container {name} runs")
    return Trouble(TroubleKind.NOT_READY, f"container {name} runs and is not ready")


def _end(status: Body) -> Body | None:
    """How the process ended last, if that is what keeps the container: by a failure, or again and again."""
    end = dig(status, "state", "terminated") or dig(status, "lastState", "terminated")
    if not isinstance(end, dict):
        return None
    loops = fields.text(status, "state", "waiting", "reason") == "CrashLoopBackOff"
    return end if loops or fields.count(end, "exitCode") else None


def _told(end: Body, restarts: int) -> str:
    """In words; a signal that the kubelet does not translate is in the exit code."""
    killed = fields.text(end, "reason") == "OOMKilled"
    what = "was killed, out of memory" if killed else f"ended with exit code {fields.count(end, 'exitCode')}"
    again = f", {restarts} restart{'' if restarts == 1 else 's'}" if restarts else ""
    message = fields.text(end, "message")
    return f"{what}{again}" + (f": {message}" if message else "")
