"""How long a Pod took to start, read from its conditions, its container statuses, and the pulls told of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rebuild.health import conditions, fields
from rebuild.model.objects import Body, dig_list, dig_maps
from rebuild.model.pods import PodTimes, Pull


def times(body: Body, pulls: Iterable[Pull]) -> PodTimes:
    """The stretches of a Pod's start. Raises nothing; what cannot be read is not known."""
    created = fields.moment(body, "metadata", "creationTimestamp")
    scheduled = _since(body, "PodScheduled")
    started = _started(body)
    told = [pull.waited for pull in pulls]
    return PodTimes(
        pod=fields.text(body, "metadata", "name"),
        scheduled=_between(created, scheduled),
        pulling=sum(told) if told else None,
        started=_between(scheduled, started),
        ready=_between(started, _since(body, "Ready")),
        restarts=sum(fields.count(status, "restartCount") for status in dig_maps(body, "status", "containerStatuses")),
    )


def _since(body: Body, type_: str) -> datetime | None:
    """Since when a condition is true."""
    for item in dig_maps(body, "status", "conditions"):
        if item.get("type") == type_:
            return fields.moment(item, "lastTransitionTime") if conditions.find_true(body, type_) else None
    return None


def _started(body: Body) -> datetime | None:
    """When the last of its containers came to run, once all of them have."""
    found = [
        fields.moment(status, "state", "running", "startedAt")
        or fields.moment(status, "state", "terminated", "startedAt")
        for status in dig_maps(body, "status", "containerStatuses")
    ]
    known = [when for when in found if when]
    return max(known) if known and len(known) == len(dig_list(body, "spec", "containers")) else None


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return max((end - begin).total_seconds(), 0.0) if begin and end else None
