"""PersistentVolumeClaim and PersistentVolume: is there a volume, and can it be claimed?

Source: kstatus, `core.go`, for claims; the phases of kubernetes/pkg/controller/volume/persistentvolume for
volumes, which kstatus does not judge. A volume counts because a claim that arrives before its own volume is
free gets an *empty* one, and the data is orphaned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Status

CLAIM: Final = ("", "PersistentVolumeClaim")


def claim(body: Body) -> Status:
    """Current when Bound. Lost means that its volume disappeared."""
    phase = fields.text(body, "status", "phase")
    if phase == "Bound":
        return current("the claim is bound")
    return in_progress(f"the claim is {phase}, not Bound" if phase else "the claim has no phase yet")


def claim_of_first_consumer(body: Body) -> Status:
    """As `claim`, for a class that binds on first use: Pending is all that an unused claim can be."""
    if fields.text(body, "status", "phase") == "Pending":
        return current("the claim waits for its first consumer, as its storage class asks")
    return claim(body)


def volume(body: Body) -> Status:
    """Current when Available or Bound; not when Pending, Released or Failed."""
    phase = fields.text(body, "status", "phase")
    if phase in {"Available", "Bound"}:
        return current(f"the volume is {phase}")
    if phase == "Released":
        # So is a volume from a backup whose claimRef carries the uid of a claim in the lost cluster.
        return in_progress("the volume is Released", "its claimRef names a claim that no longer exists")
    because = fields.text(body, "status", "message").rstrip(".")
    return in_progress(f"the volume is {phase}" if phase else "the volume has no phase yet", because)


RULES: Final[Mapping[GroupKind, Rule]] = {CLAIM: claim, ("", "PersistentVolume"): volume}
