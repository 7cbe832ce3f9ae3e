"""A second look at what was just started, a few seconds after it was verified.

Without a readiness probe a container is ready as soon as it runs, and so is one that crashes in the next moment: a
crash loop would pass. The recovery clock has stopped by then, as at any verification that passes.
"""

from __future__ import annotations

from dataclasses import replace

from rebuild.cluster.port import ClusterFault
from rebuild.health import troubles
from rebuild.model.facts import TroubleSeen
from rebuild.model.secrets import Secrets
from rebuild.model.states import Health, Status
from rebuild.ops import pods
from rebuild.ops.pods import Pods
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget
from rebuild.report.ledger import passed
from rebuild.system import clock

SECONDS = 5.0
"""A process that cannot run ends well before, and the pause before its third start is longer."""


def settle(run: Run, target: BoundTarget, live: Pods, secrets: Secrets) -> Pods:
    """Look again at the Pods of declared workloads, and take back the verification of those that crashed since.

    Returns:
        The Pods as they are now; those of before where they could not be read again.
    """
    kind = target.served.get("", "Pod")
    verified = {ref: told for ref in live if (told := run.ledger.objects[ref].verification) and passed(told)}
    if kind is None or not verified:
        return live
    with run.phase("settle", counted=False):
        clock.sleep(SECONDS)
        try:
            live = pods.by_workload(run.ledger.objects, target.cluster.list(kind, "v1").items)
        except ClusterFault:
            return live
        for ref, bodies in live.items():
            before, found = verified.get(ref), troubles.crash(map(secrets.hidden, bodies))
            if before and found:
                run.record(TroubleSeen(ref, found, run.now()))
                status = Status(Health.IN_PROGRESS, f"was healthy and is not any more: {found.message}")
                run.record(replace(before, status=status))
        return live
