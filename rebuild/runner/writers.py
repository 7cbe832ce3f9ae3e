"""Threads that send writes: the most urgent first, at most as many at once as there are threads."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from queue import Empty, PriorityQueue

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.health.compute import Rulebook
from rebuild.model.facts import Fact, HealthSeen, WriteAccepted, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kinds
from rebuild.plan import outcomes
from rebuild.plan.snapshot import version_of
from rebuild.plan.steps import Step
from rebuild.runner.threads import Facts, start

_LAST = float("inf")
_NOT_SENT = Fault(Cause.TRANSPORT, 0, "was not sent: the run was stopped")


class Writers:
    """Takes steps and puts facts: what the API server said to each."""

    def __init__(
        self,
        cluster: Cluster,
        kinds: Kinds,
        facts: Facts,
        now: Callable[[], float],
        *,
        rulebook: Rulebook,
        threads: int,
    ) -> None:
        self._cluster, self._kinds, self._facts, self._now = cluster, kinds, facts, now
        self._rulebook = rulebook
        self._queue: PriorityQueue[tuple[float, int, Step | None]] = PriorityQueue()
        self._serial = count()
        self._threads = [start(self._work, facts, name=f"writer-{number}") for number in range(threads)]

    def submit(self, step: Step) -> None:
        """Send a step's manifest as soon as a thread is free; longer tails go first."""
        self._queue.put((-step.tail, next(self._serial), step))

    def withdraw(self) -> None:
        """Take back what has not been sent; a fact says so of each."""
        for step in self._unsent():
            now = self._now()
            self._facts.put(WriteFailed(step.ref, _NOT_SENT, 0.0, now, now))

    def close(self, *, wait: bool = True) -> None:
        """Drop what has not been sent, and end every thread after what it is sending.

        Args:
            wait: until they have ended.
        """
        self._unsent()
        for _ in self._threads:
            self._queue.put((_LAST, next(self._serial), None))
        if wait:
            for thread in self._threads:
                thread.join()

    def _unsent(self) -> list[Step]:
        """Empty the queue."""
        steps = []
        with suppress(Empty):
            while step := self._queue.get_nowait()[2]:
                steps.append(step)
        return steps

    def _work(self) -> None:
        while (step := self._queue.get()[2]) is not None:
            for fact in self._send(step):
                self._facts.put(fact)

    def _send(self, step: Step) -> list[Fact]:
        ref = step.ref
        kind = self._kinds.of(ref)
        assert kind is not None, f"the plan lets only known kinds leave, not {ref}"
        sent_at = self._now()
        try:
            applied = self._cluster.apply(step.manifest, kind)
        except ClusterFault as error:
            chance = random.random()  # noqa: S311 - jitter, not cryptography
            return [WriteFailed(ref, error.fault, chance, sent_at, self._now())]
        version = version_of(applied.body)
        outcome = outcomes.of(step, applied.body, created=applied.created, manager=FIELD_MANAGER)
        accepted = WriteAccepted(ref, outcome, version, sent_at, self._now())
        if self._rulebook.has_readiness(*ref.group_kind):
            # Its watch tells; the answer to a write is older than what the watch may have said meanwhile.
            return [accepted]
        return [accepted, HealthSeen(ref, self._rulebook.status(applied.body), version, self._now())]
