"""Threads that send writes: the most urgent first, and at most as many at once as the flow allows."""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from threading import Condition, Thread

from rebuild.cluster.client import FIELD_MANAGER
from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.engine.flow import OVERLOAD, Flow
from rebuild.health.compute import Rulebook
from rebuild.model.facts import WriteAccepted, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kinds
from rebuild.plan import outcomes
from rebuild.plan.snapshot import version_of
from rebuild.plan.steps import Step
from rebuild.runner.threads import Facts, start

_NOT_SENT = Fault(Cause.TRANSPORT, 0, "was not sent: the run was stopped")


class Writers:
    """Takes steps and puts facts: what the API server said to each. Threads start when the flow has use for them."""

    def __init__(
        self,
        cluster: Cluster,
        kinds: Kinds,
        facts: Facts,
        now: Callable[[], float],
        *,
        rulebook: Rulebook,
        flow: Flow,
    ) -> None:
        self._cluster, self._kinds, self._facts, self._now = cluster, kinds, facts, now
        self._rulebook, self._flow = rulebook, flow
        self._changed = Condition()
        """Guards all that follows and the flow."""
        self._waiting: list[tuple[float, int, Step, bool]] = []
        self._serial = count()
        self._in_flight = 0
        self._idle = 0
        self._closed = False
        self._threads: list[Thread] = []

    def submit(self, step: Step, *, recreate: bool = False) -> None:
        """Send a step's manifest as soon as the flow allows; longer tails go first.

        Args:
            step: whose manifest.
            recreate: whether to delete the object first that the plan saw.
        """
        with self._changed:
            heappush(self._waiting, (-step.tail, next(self._serial), step, recreate))
            self._wake()

    def withdraw(self) -> None:
        """Take back what has not been sent, unless something was deleted for it; a fact says so of each."""
        with self._changed:
            steps = [step for _, _, step, recreate in self._waiting if not recreate]
            self._waiting = [each for each in self._waiting if each[3]]
            heapify(self._waiting)
        now = self._now()
        for step in steps:
            self._facts.put(WriteFailed(step.ref, _NOT_SENT, 0.0, now, now))

    def close(self, *, wait: bool = True) -> None:
        """Drop what has not been sent, and end every thread after what it is sending.

        Args:
            wait: until they have ended.
        """
        with self._changed:
            self._waiting.clear()
            self._closed = True
            self._changed.notify_all()
        if wait:
            for thread in self._threads:
                thread.join()

    def _wake(self) -> None:
        """Let somebody take what waits, if there is room for one more."""
        if self._in_flight >= self._flow.slots:
            return
        if self._idle:
            self._changed.notify()
        elif len(self._threads) < self._flow.slots:
            self._threads.append(start(self._work, self._facts, name=f"writer-{len(self._threads)}"))

    def _work(self) -> None:
        while (job := self._next()) is not None:
            step, recreate = job
            sent_at = self._now()
            fact = self._send(step, sent_at, recreate=recreate)
            self._done(step, fact.fault if isinstance(fact, WriteFailed) else None, sent_at)
            self._facts.put(fact)

    def _next(self) -> tuple[Step, bool] | None:
        """The most urgent step, and whether to recreate, once it may leave; None when there will be no more."""
        with self._changed:
            while not self._closed:
                held = self._flow.held_until - self._now() if self._waiting else 0.0
                if self._waiting and self._in_flight < self._flow.slots and held <= 0:
                    self._in_flight += 1
                    _, _, step, recreate = heappop(self._waiting)
                    if self._waiting:
                        self._wake()
                    return step, recreate
                self._idle += 1
                self._changed.wait(held if held > 0 else None)
                self._idle -= 1
        return None

    def _done(self, step: Step, fault: Fault | None, sent_at: float) -> None:
        with self._changed:
            at = self._now()
            if fault and fault.cause in OVERLOAD:
                self._flow.overloaded(fault, sent_at, at, self._in_flight)
            else:
                self._flow.answered(step.ref.kind, at - sent_at, self._in_flight, fault.cause if fault else None)
            self._in_flight -= 1
            # This thread takes the next one itself.
            if self._waiting and self._in_flight + 1 < self._flow.slots:
                self._wake()

    def _send(self, step: Step, sent_at: float, *, recreate: bool) -> WriteAccepted | WriteFailed:
        ref = step.ref
        kind = self._kinds.of(ref)
        assert kind is not None, f"the plan lets only known kinds leave, not {ref}"
        try:
            if recreate:
                applied = self._cluster.replace(step.manifest, kind, step.uid)
            else:
                applied = self._cluster.apply(step.manifest, kind)
        except ClusterFault as error:
            chance = random.random()  # noqa: S311 - jitter, not cryptography
            return WriteFailed(ref, error.fault, chance, sent_at, self._now())
        version = version_of(applied.body)
        outcome = outcomes.of(step, applied.body, created=applied.created, manager=FIELD_MANAGER)
        # Where its watch tells, the answer to a write is older than what the watch may have said meanwhile.
        watched = self._rulebook.has_readiness(ref)
        status = None if watched else self._rulebook.status(applied.body)
        return WriteAccepted(ref, outcome, version, sent_at, self._now(), status)
