"""The machine room's one loop: a fact comes in, the journal takes it, the engine decides, we do as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol, assert_never

from msgspec import Struct

from rebuild.cluster.port import Cluster
from rebuild.engine import handle
from rebuild.engine.commands import Adopt, Apply, Command, Finish, Notice, Recreate, StartTimer
from rebuild.engine.flow import Flow
from rebuild.engine.policy import Policy
from rebuild.engine.state import Stage, State
from rebuild.journal.file import JournalBroken
from rebuild.model.events import Event, FlowSettled, ObjectEnded, WriteIntended
from rebuild.model.facts import Fact, HealthSeen, RunResumed, StopAsked, TimerFired, WriteAccepted, WriteFailed
from rebuild.model.refs import Ref
from rebuild.model.secrets import Secrets
from rebuild.model.states import Outcome, Status
from rebuild.plan.steps import Action, Plan
from rebuild.runner.syncing import Syncer
from rebuild.runner.threads import Facts
from rebuild.runner.timers import Timers
from rebuild.runner.troubles import Troubles
from rebuild.runner.watchers import Watchers
from rebuild.runner.writers import Writers

SYNC_SECONDS = 0.5
"""How long an event may be on its way to the disk."""


class Recorder(Protocol):
    """Takes every event before anything is done about it."""

    def record(self, event: Event) -> None:
        """Write the event down; raises when that is not possible."""

    def tell(self, event: Event) -> None:
        """Show the event to those who fold it, without writing it down."""

    def sync(self) -> None:
        """Make what was recorded durable; raises when that is not possible. Called by a thread of its own."""


class Past(Struct, frozen=True):
    """What an earlier process did of the same plan: what the engine was told, `resumed` last, and whose end is
    recorded."""

    facts: tuple[Fact, ...] = ()
    resumed: RunResumed | None = None
    ended: frozenset[Ref] = frozenset()


NOTHING = Past()


class Driver:
    """Performs one plan on one cluster. `stop` may be called from a signal handler or another thread."""

    def __init__(
        self,
        plan: Plan,
        cluster: Cluster,
        *,
        policy: Policy,
        recorder: Recorder,
        now: Callable[[], float],
        flow: Flow | None = None,
        follow_pods: bool = False,
        past: Past = NOTHING,
    ) -> None:
        """Take what a run needs; `follow_pods` where the target runs real containers, which may be in trouble.

        `flow` is the limit to begin with, where that is not the usual one.
        """
        self._past = past
        self._plan, self._cluster, self._recorder, self._now = plan, cluster, recorder, now
        self._pods = plan.kinds.get("", "Pod") if follow_pods else None
        self._flow = flow or Flow()
        self._facts: Facts = SimpleQueue()
        self._timers = Timers()
        self._finished = False
        self._in_hand: Fact | None = None
        """A fact that has been taken and is not recorded yet."""
        self._synced_at = 0.0
        self.stop_asked = ""
        """Why somebody wanted the run to end, also where that came too late to change anything in it."""
        self.state = State(plan, policy)
        self._first = handle.begin(self.state)
        for fact in past.facts:
            handle.handle(self.state, fact)

    def stop(self, reason: str) -> None:
        """Begin nothing new, finish what is in flight, and return from `run`."""
        self.stop_asked = self.stop_asked or reason
        self._facts.put(StopAsked(reason, self._now()))

    def run(self) -> None:
        """Drive the plan to its end, or to a stop.

        Raises:
            JournalBroken: when an event cannot be recorded; nothing was sent after that.
            KeyboardInterrupt: when it is not to end in good order; what is in flight is left to itself.
            Exception: what went wrong on a thread of ours, which would be a defect.
        """
        relevant = frozenset(self._plan.steps) | self._plan.expected
        watchers = Watchers(
            self._cluster,
            self._facts,
            self._now,
            relevant=relevant,
            known=frozenset(ref for ref, each in self.state.objects.items() if each.version),
            rulebook=self._plan.rulebook,
            troubles=self._troubles() if self._pods else None,
        )
        writers = Writers(
            self._cluster, self._plan.kinds, self._facts, self._now, rulebook=self._plan.rulebook, flow=self._flow
        )
        syncer = Syncer(self._recorder.sync, self._facts)
        patient = True
        try:
            for ref in self._plan.expected:
                self._follow(watchers, ref)
            if self._pods:
                watchers.follow(self._pods, "v1")
            self._perform(self._begin(watchers), writers, watchers)
            while not self._finished:
                for fact in self._next_facts():
                    self._in_hand = fact
                    self._recorder.record(fact)
                    self._in_hand = None
                    self._perform(handle.handle(self.state, fact), writers, watchers)
                if self.state.stop_reason:
                    writers.withdraw()
                self._ask_for_sync(syncer)
            self._tell_flow()
        except JournalBroken:
            writers.close()
            self._collect(self._in_hand)
            raise
        except KeyboardInterrupt:
            # The second signal: nobody wants to wait for a server that may not answer any more.
            patient = False
            raise
        finally:
            writers.close(wait=patient)
            watchers.close(wait=patient)
            syncer.close(wait=patient)

    def _tell_flow(self) -> None:
        flow = self._flow
        if flow.writes:
            self._recorder.record(
                FlowSettled(
                    flow.slots,
                    flow.lowest,
                    flow.highest,
                    flow.busiest,
                    flow.writes,
                    flow.overloads,
                    flow.why(),
                    self._now(),
                )
            )

    def _begin(self, watchers: Watchers) -> list[Command]:
        """The first commands; of what was sent before, the watches have to tell again how it is."""
        if self._past.resumed is None:
            return self._first
        # What ended with the last recorded fact, as it was then.
        self._record_ends()
        for ref, progress in self.state.objects.items():
            if progress.stage in (Stage.APPLIED, Stage.DONE):
                self._follow(watchers, ref)
            if progress.stage is Stage.APPLIED and (status := self._unwatched(ref)):
                self._facts.put(HealthSeen(ref, status, progress.version, self._now()))
        return handle.handle(self.state, self._past.resumed)

    def _troubles(self) -> Troubles:
        steps = self._plan.steps
        return Troubles(steps.keys(), Secrets.of(step.manifest for step in steps.values()))

    def _collect(self, fact: Fact | BaseException | None) -> None:
        """Tell what became of the writes that were in flight when the journal broke, with the fact that broke it."""
        with suppress(Empty):
            while True:
                if isinstance(fact, WriteAccepted | WriteFailed):
                    self._recorder.tell(fact)
                fact = self._facts.get_nowait()

    def _next_facts(self) -> Iterable[Fact]:
        """Timers that have run down, else the next fact; none when nothing came before the next thing to do."""
        now = self._now()
        if fired := self._timers.due(now):
            return [TimerFired(timer, now) for timer in fired]
        due = self._timers.next_due
        patience = SYNC_SECONDS if due is None else min(SYNC_SECONDS, due - now)
        try:
            fact = self._facts.get(timeout=patience)
        except Empty:
            return []
        if isinstance(fact, BaseException):
            raise fact
        return [fact]

    def _perform(self, commands: Iterable[Command], writers: Writers, watchers: Watchers) -> None:
        self._record_ends()
        for command in commands:
            match command:
                case Apply(ref, attempt):
                    self._recorder.record(WriteIntended(ref, attempt, self._now()))
                    self._follow(watchers, ref)
                    writers.submit(self._plan.steps[ref])
                case Recreate(ref, attempt):
                    step = self._plan.steps[ref]
                    self._recorder.record(WriteIntended(ref, attempt, self._now(), replaces=step.uid))
                    writers.submit(step, recreate=True)
                case Notice(sight):
                    kind = self._plan.kinds.get(sight.group, sight.kind)
                    if kind:
                        watchers.notice(kind, sight)
                case Adopt(ref):
                    self._follow(watchers, ref)
                    self._adopt(ref)
                case StartTimer(timer, seconds):
                    self._timers.set(timer, self._now() + seconds)
                case Finish():
                    self._finished = True
                case _:
                    assert_never(command)

    def _record_ends(self) -> None:
        for ended in self.state.take_ended():
            if ended.step.ref in self._past.ended:
                continue
            self._recorder.record(
                ObjectEnded(
                    ended.step.ref,
                    ended.outcome,
                    ended.is_current,
                    ended.reason,
                    ended.because,
                    ended.released_without,
                    self._now(),
                )
            )

    def _adopt(self, ref: Ref) -> None:
        step = self._plan.steps[ref]
        assert step.action is Action.KEEP
        now = self._now()
        self._facts.put(WriteAccepted(ref, Outcome.UNCHANGED, step.version, now, now, self._unwatched(ref)))

    def _unwatched(self, ref: Ref) -> Status | None:
        """What lives and has no readiness is healthy; of all else, a watch tells."""
        book = self._plan.rulebook
        return None if book.has_readiness(ref) else book.status({"apiVersion": ref.api_version, "kind": ref.kind})

    def _follow(self, watchers: Watchers, ref: Ref) -> None:
        kind = self._plan.kinds.of(ref)
        if kind is None:
            return
        if self._plan.rulebook.has_readiness(ref) or ref in self._plan.expected:
            version = ref.version if ref.version in kind.versions else kind.versions[0]
            watchers.follow(kind, version)

    def _ask_for_sync(self, syncer: Syncer) -> None:
        now = self._now()
        if now - self._synced_at >= SYNC_SECONDS:
            self._synced_at = now
            syncer.ask()
