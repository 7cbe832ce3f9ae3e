"""Frees containers that cannot end: where cgroups are of version 1, a process that is killed while frozen never dies.

runc freezes a Pod's cgroup for a moment when it sets the Pod up. If the node is killed in that moment, nobody is left
to thaw it, and Docker waits for the node's end in vain ("did not receive an exit event").
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup/freezer")
"""Not there with cgroups of version 2, in which a frozen process can be killed."""


def thaw(containers: Collection[str], root: Path = ROOT) -> None:
    """Thaw what is frozen in the cgroups of these containers and below, as far as this machine has them and lets us.

    Args:
        containers: Their full ids, which the names of their cgroups hold whatever Docker's cgroup driver is.
        root: Where the freezer's cgroups are.
    """
    for state in root.rglob("freezer.state"):
        if any(container in str(state) for container in containers):
            # A cgroup may end meanwhile, and only root may write here.
            with suppress(OSError):
                if state.read_text().strip() != "THAWED":
                    state.write_text("THAWED")
