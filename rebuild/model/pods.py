"""What kubelets and the scheduler told of Pods, as far as it is kept: how long they took, and what went wrong last."""

from __future__ import annotations

from msgspec import Struct

from rebuild.model.images import Image


class PodTimes(Struct, frozen=True):
    """The stretches of a Pod's start in seconds, None where one is not over or was not told.

    Kubernetes writes these times in whole seconds, so each may be off by one; only pulls are told more exactly.
    """

    pod: str
    scheduled: float | None
    """From its creation until it had a node."""
    pulling: float | None
    """Getting its images, the wait for other pulls included; 0 where all were there. A part of `started`."""
    started: float | None
    """From having a node until its last container ran, init containers included."""
    ready: float | None
    """From then on until its probes had passed."""
    restarts: int

    @property
    def total(self) -> float:
        """From its creation on, as far as it is known."""
        return sum(stretch or 0.0 for stretch in (self.scheduled, self.started, self.ready))


class PodEvent(Struct, frozen=True):
    """A warning about a Pod; `message` is foreign text of bounded length."""

    reason: str
    message: str
    count: int


class Pull(Struct, frozen=True):
    """How one container's image came to a node: `seconds` of pulling, `waited` with the wait for other pulls.

    Both are 0 where the image was there already; `size` is in bytes, None where it is not told.
    """

    pod: str
    image: Image
    seconds: float
    waited: float
    size: int | None
    was_present: bool
