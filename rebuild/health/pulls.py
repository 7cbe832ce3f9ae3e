"""What Kubernetes Events say about Pods: how their images came, and what went wrong last.

Source: kubernetes/pkg/kubelet/images/image_manager.go, whose messages are made for people: one that reads otherwise in
another release is passed over, and its pull counts as not measured.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

from rebuild.health import fields
from rebuild.health.troubles import cut
from rebuild.model import durations
from rebuild.model.images import Image
from rebuild.model.objects import Body
from rebuild.model.pods import PodEvent, Pull

SHOWN: Final = 5
"""Last events that are kept of one workload."""
_PULLED: Final = re.compile(
    r'Successfully pulled image "(?P<image>[^"]+)" in (?P<seconds>[^ ]+)'
    r"(?: \((?P<waited>[^ ]+) including waiting\))?(?:\. Image size: (?P<size>[0-9]{1,18}) bytes)?"
)
_PRESENT: Final = re.compile(r'Container image "(?P<image>[^"]+)" already present on machine')
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def pull(event: Body) -> Pull | None:
    """What an Event (core/v1) says about an image that a Pod got; None for all others."""
    if fields.text(event, "reason") != "Pulled" or fields.text(event, "involvedObject", "kind") != "Pod":
        return None
    message, pod = fields.text(event, "message"), fields.text(event, "involvedObject", "name")
    if (found := _PRESENT.match(message)) and (image := Image.parse(found["image"])):
        return Pull(pod, image, 0.0, 0.0, None, was_present=True)
    if not (found := _PULLED.match(message)) or not (image := Image.parse(found["image"])):
        return None
    seconds = _seconds(found["seconds"])
    waited = seconds if found["waited"] is None else _seconds(found["waited"])
    if seconds is None or waited is None:
        return None
    return Pull(pod, image, seconds, waited, int(found["size"]) if found["size"] else None, was_present=False)


def last(events: Iterable[Body], pods: Collection[str]) -> tuple[PodEvent, ...]:
    """The last warnings about these Pods, the oldest first: equal ones once, with their number."""
    counts: dict[tuple[str, str], int] = {}
    times: dict[tuple[str, str], datetime] = {}
    for event in events:
        about = fields.text(event, "involvedObject", "name")
        if fields.text(event, "involvedObject", "kind") != "Pod" or about not in pods or not _is_warning(event):
            continue
        told = fields.text(event, "reason"), cut(fields.text(event, "message"))
        counts[told] = counts.get(told, 0) + _count(event)
        times[told] = max(times.get(told, _LONG_AGO), _when(event))
    latest = sorted(times, key=lambda told: (times[told], told))[-SHOWN:]
    return tuple(PodEvent(reason, message, counts[reason, message]) for reason, message in latest)


def _is_warning(event: Body) -> bool:
    # The kubelet calls the pause before the next pull normal.
    return fields.text(event, "type") == "Warning" or fields.text(event, "reason") == "BackOff"


def _count(event: Body) -> int:
    return max(fields.count(event, "count"), fields.count(event, "series", "count"), 1)


def _when(event: Body) -> datetime:
    """When it happened last: a newer client writes a series, an older one a timestamp."""
    found = (
        fields.moment(event, *path) for path in (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",))
    )
    return next((when for when in found if when), _LONG_AGO)


def _seconds(text: str) -> float | None:
    """A Go duration in seconds, or None for anything else."""
    try:
        return durations.parse(text)
    except ValueError:
        return None
