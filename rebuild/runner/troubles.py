"""Remembers what keeps the Pods of declared workloads, and says of a workload what has changed. Holds no thread."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeAlias

from rebuild.health import troubles
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.secrets import Secrets
from rebuild.model.troubles import Trouble
from rebuild.plan.snapshot import ref_of

Change: TypeAlias = tuple[Ref, Trouble | None]
"""A workload, and the worst that keeps one of its Pods now."""


class Troubles:
    """Follows the Pods of these workloads; of all others it remembers nothing."""

    def __init__(self, workloads: Collection[Ref], secrets: Secrets) -> None:
        self._workloads, self._secrets = workloads, secrets
        self._pods: dict[Ref, dict[Ref, Trouble]] = {}
        """The troubled Pods of each workload."""
        self._told: dict[Ref, Trouble | None] = {}

    def saw(self, body: Body) -> Iterator[Change]:
        """A Pod is as its body says."""
        yield from self._changed(self._note(body))

    def lost(self, pod: Ref) -> Iterator[Change]:
        """A Pod is gone."""
        for workload in [workload for workload, pods in self._pods.items() if pod in pods]:
            del self._pods[workload][pod]
            yield from self._changed(workload)

    def _note(self, body: Body) -> Ref:
        workload = troubles.owner(body)
        if workload in self._workloads:
            pods = self._pods.setdefault(workload, {})
            if found := troubles.trouble(self._secrets.hidden(body)):
                pods[ref_of(body)] = found
            else:
                pods.pop(ref_of(body), None)
        return workload

    def _changed(self, workload: Ref) -> Iterator[Change]:
        pods = self._pods.get(workload, {})
        found = troubles.worst(pods[pod] for pod in sorted(pods))
        if found != self._told.get(workload):
            self._told[workload] = found
            yield workload, found
