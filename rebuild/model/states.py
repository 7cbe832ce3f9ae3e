"""The two axes of an object's fate, never merged: what our write did, and what the object is."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """What our write did."""

    CREATED = "created"
    CONFIGURED = "configured"
    RECREATED = "recreated"
    """What lived was deleted, and the object made anew, because a field differed that never changes."""
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


class Health(StrEnum):
    """What the object is, in the words of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus)."""

    IN_PROGRESS = "InProgress"
    CURRENT = "Current"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"
    UNKNOWN = "Unknown"


class Status(Struct, frozen=True):
    """A health with the sentence that explains it, computed from one live object alone.

    `assumed`: nobody reports this health, and the object's existence is all that speaks for it. `provisional`: somebody
    may still report another one, so a run gives it a moment before it counts.
    """

    health: Health
    message: str = ""
    assumed: bool = False
    provisional: bool = False
