"""What keeps a Pod from running, in one word and one sentence: the latest of it is remembered for each workload."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class TroubleKind(StrEnum):
    """In the order in which a reader wants to hear of them, where Pods of one workload have several."""

    IMAGE = "image"
    """The image cannot be had."""
    CONFIG = "config"
    """A ConfigMap, a Secret or a key of one is missing, or the container may not run as it is declared."""
    OUT_OF_MEMORY = "out-of-memory"
    CRASH = "crash"
    """The process ended by itself."""
    START = "start"
    """The container could not be started for another reason."""
    VOLUME = "volume"
    """A claim is not bound."""
    UNSCHEDULABLE = "unschedulable"
    NOT_READY = "not-ready"
    """It runs, and its probes do not pass yet."""
    STARTING = "starting"
    """It is on its way: no node, no volumes or no containers yet."""

    @property
    def is_ordinary(self) -> bool:
        """Whether every Pod passes through it."""
        return self in (TroubleKind.NOT_READY, TroubleKind.STARTING)


class Trouble(Struct, frozen=True):
    """`message` names the Pod and holds foreign text of bounded length; `image` is the one that cannot be had."""

    kind: TroubleKind
    message: str
    image: str = ""
