"""kind's progress, line by line, as stages with a time each. Pure: the times are handed in.

kind prints ` • TITLE  ...` when it begins something and ` ✓ TITLE` when that is done; nothing else of what it prints
is meant for programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct, field

NAMES = {
    "Ensuring node image": "node image",
    "Preparing nodes": "nodes",
    "Configuring the external load balancer": "load balancer",
    "Writing configuration": "configuration",
    "Starting control-plane": "control plane",
    "Installing CNI": "CNI",
    "Installing StorageClass": "storage",
    "Joining more control-plane nodes": "control planes join",
    "Joining worker nodes": "workers join",
    "Waiting ≤": "nodes ready",
}
"""How kind's titles begin, and what we call the stages."""
_BEGUN, _DONE, _FAILED = " • ", " ✓ ", " ✗ "
_CREATING = "Creating cluster "
_NEVER_READY = "WARNING: Timed out waiting for Ready"
_ERROR = "ERROR: "
_LOGGED = re.compile(r"(Command Output: )?[IW]\d{4} \d\d:\d\d:")
"""How klog begins what is no error; kind has kubeadm log all of it (`--v=6`)."""
_FRAME = re.compile(r"\t\S+\.(go|s):\d+$")
"""Where a frame of a Go stack stands; the line before names it."""


class Progress(Struct):
    """How far kind is. Each stage that ends is told, with its seconds."""

    told: Callable[[str, float], None]
    began: bool = False
    """Whether kind has taken the configuration and begun to make something."""
    never_ready: bool = False
    """Whether kind gave up waiting for its nodes, which it takes for a success."""
    complaint: list[str] = field(default_factory=list)
    """The last stage that failed, and kind's own words from its first error on."""
    _since: dict[str, float] = field(default_factory=dict)

    def line(self, text: str, at: float) -> None:
        """The next line of output, and when it came, in seconds."""
        self.began = self.began or text.startswith(_CREATING)
        self.never_ready = self.never_ready or _NEVER_READY in text
        if text.startswith(_ERROR) or self.complaint:
            self.complaint.append(text)
            return
        stage = next((name for title, name in NAMES.items() if text[len(_BEGUN) :].startswith(title)), "")
        if not stage:
            return
        if text.startswith(_BEGUN):
            self._since[stage] = at
        elif text.startswith((_DONE, _FAILED)) and stage in self._since:
            self.told(stage, at - self._since.pop(stage))


def reason(complaint: Sequence[str], most: int) -> str:
    """What failed, in at most so many lines: the first, which says what, and the last, which say why.

    The log of the program that failed is left out where it is no error, and so are its stacks.
    """
    lines = [
        line
        for line, after in pairwise((*complaint, ""))
        if not (_LOGGED.match(line) or _FRAME.match(line) or _FRAME.match(after))
    ]
    if len(lines) > most:
        lines[1 : len(lines) - most + 2] = ["…"]
    return "\n".join(lines)
