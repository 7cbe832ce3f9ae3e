"""A small world that answers the engine's commands in whatever order a script of numbers says.

An API server that takes or refuses each write, one watch that may overtake the answer to a write, a clock that
moves only when a timer fires, and a process that may die and be followed by another. No threads and no real time: the
same script always tells the same story.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from msgspec import structs
from msgspec.structs import replace

from rebuild.engine.commands import Adopt, Apply, Command, Notice, Recreate, StartTimer
from rebuild.engine.handle import begin, handle
from rebuild.engine.policy import Policy
from rebuild.engine.state import Progress, State
from rebuild.model.facts import (
    Fact,
    GapClock,
    HealthSeen,
    Process,
    RunResumed,
    StopAsked,
    Timer,
    TimerFired,
    TroubleSeen,
    WriteAccepted,
    WriteFailed,
)
from rebuild.model.faults import Cause, Fault
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.model.troubles import Trouble
from rebuild.plan.steps import Plan
from tests.engine.invariants import Auditor

PATIENCE = 5000
"""More facts than any run of a handful of objects can need."""
PROCESS = Process("1@1", "somebody", "here", "boot", 0.0)


def replayed(plan: Plan, policy: Policy, facts: Iterable[Fact]) -> State:
    """What a process knows that has nothing but the record."""
    state = State(plan, policy)
    begin(state)
    for fact in facts:
        handle(state, fact)
    state.take_ended()
    return state


def look(state: State) -> Any:
    """All that a state holds, to be compared."""
    objects = {ref: {f.name: getattr(p, f.name) for f in structs.fields(Progress)} for ref, p in state.objects.items()}
    own = {name: value for name, value in vars(state).items() if name not in ("plan", "policy", "objects")}
    return objects, own


@dataclass(frozen=True, slots=True)
class Fate:
    """What the world does to one object: refuse its first writes, then let its health go this way."""

    faults: tuple[Cause, ...] = ()
    healths: tuple[Health, ...] = (Health.CURRENT,)
    told: bool = False
    """Whether the answer to our write tells the first of them."""
    before: Health | None = None
    """How it is seen before our write, if it is there already."""
    assumed: bool = False
    """Whether nobody reports that it is healthy."""
    retry_after: float = 0.0
    troubles: tuple[Trouble | None, ...] = ()
    """What keeps its Pods, one after the other, from our write on, or from the start if it is there before."""


@dataclass
class World:
    """Plays one run to its end. `prompt`: timers fire only when nothing else is left to happen."""

    plan: Plan
    policy: Policy
    fates: Mapping[Ref, Fate]
    script: Iterable[int] = ()
    prompt: bool = False
    stop_at: int = -1
    facts: list[Fact] = field(default_factory=list)
    told: list[list[Command]] = field(default_factory=list)
    """The commands of `begin`, then those after each fact."""

    def __post_init__(self) -> None:
        self.state = State(self.plan, self.policy)
        self.auditor = Auditor(self.state)
        self._numbers = iter(self.script)
        self._now = 0.0
        self._version = 0
        self._requests: list[Apply | Adopt | Recreate] = []
        self._answers: list[Fact] = []
        self._watch: dict[Ref, deque[HealthSeen]] = {}
        self._pods: dict[Ref, deque[Trouble | None]] = {}
        self._timers: list[tuple[float, Timer]] = []
        self._shown: dict[Ref, HealthSeen] = {}
        self._trouble_of: dict[Ref, Trouble | None] = {}
        self._refusals: dict[Ref, list[Cause]] = {}

    def play(self) -> None:
        """Until nothing is left to happen, late facts after the end included."""
        self.start()
        self.finish()

    def start(self) -> None:
        """The first commands."""
        for ref, fate in self.fates.items():
            if ref in self.plan.expected:
                self._shows(ref, fate.healths)
            elif fate.before:
                self._shows(ref, (fate.before,))
                self._pods[ref] = deque(fate.troubles)
        first = begin(self.state)
        self.told.append(first)
        self.auditor.begun(first)
        self._obey(first)

    def finish(self) -> None:
        """Let happen what is left."""
        while self.step(self._number()):
            pass
        assert self.state.finished

    def step(self, number: int) -> bool:
        """Let one thing happen; gives whether there was one."""
        events = self._events()
        assert len(self.facts) < PATIENCE, "the run never finishes"
        if events and len(self.facts) == self.stop_at:
            self.stop()
        elif events:
            events[number % len(events)]()
        return bool(events)

    def stop(self) -> None:
        """Somebody presses Ctrl-C."""
        self._tell(StopAsked("interrupted", self._now))

    def refuse(self, ref: Ref, cause: Cause) -> None:
        """The next write of an object fails, whatever its fate was to be."""
        self._refusals.setdefault(ref, []).append(cause)

    def edit(self, ref: Ref, *healths: Health) -> None:
        """Somebody touches what lives, and this is what comes of it."""
        if ref in self._shown:
            self._shows(ref, healths)

    def crash(self) -> None:
        """The process dies: requests that had not arrived, answers and timers go with it; what was served stays so."""
        self._requests, self._answers, self._timers = [], [], []

    def resume(self, gap: float) -> None:
        """Another process replays what was recorded, and goes on after so many seconds. Lists show what lives."""
        self._now += gap
        again = replayed(self.plan, self.policy, self.facts)
        assert look(again) == look(self.state), "a replay reaches the same state"
        self.state = self.auditor.state = again
        for ref, seen in self._shown.items():
            self._watch[ref].appendleft(seen)
        for ref, queue in self._pods.items():
            queue.appendleft(self._trouble_of.get(ref))
        self._tell(RunResumed(self._now - gap, GapClock.MACHINE, "", PROCESS, self._now))

    def _events(self) -> list[Callable[[], None]]:
        """What can happen next; what ends the run soonest comes first, for when the script has run out."""
        events: list[Callable[[], None]] = [partial(self._answer, fact) for fact in self._answers]
        events += [partial(self._serve, request) for request in self._requests]
        events += [partial(self._show, queue) for queue in self._watch.values() if queue]
        events += [partial(self._trouble, ref, queue) for ref, queue in self._pods.items() if queue]
        if self._timers and not (self.prompt and events):
            due = min(self._timers, key=lambda entry: entry[0])[0]
            events += [partial(self._fire, entry) for entry in self._timers if entry[0] == due]
        return events

    def _tell(self, fact: Fact) -> None:
        self.facts.append(fact)
        commands = handle(self.state, fact)
        self.told.append(commands)
        self.auditor.happened(fact, commands)
        self._obey(commands)

    def _obey(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, StartTimer):
                self._timers.append((self._now + command.seconds, command.timer))
            elif isinstance(command, Apply | Adopt | Recreate):
                self._requests.append(command)
            elif isinstance(command, Notice) and self._number() % 2:
                # Somebody makes what is looked for, or it was there all the time.
                sight = command.sight
                seen = Ref(sight.group, sight.kind, sight.namespace, sight.name or "some")
                self._shows(seen, (Health.IN_PROGRESS, Health.CURRENT, Health.NOT_FOUND))

    def _answer(self, fact: Fact) -> None:
        self._answers.remove(fact)
        self._tell(fact)

    def _show(self, queue: deque[HealthSeen]) -> None:
        seen = queue.popleft()
        self._shown[seen.ref] = seen
        self._tell(replace(seen, at=self._now))

    def _trouble(self, ref: Ref, queue: deque[Trouble | None]) -> None:
        self._trouble_of[ref] = queue.popleft()
        self._tell(TroubleSeen(ref, self._trouble_of[ref], self._now))

    def _fire(self, entry: tuple[float, Timer]) -> None:
        self._timers.remove(entry)
        self._now = entry[0]
        self._tell(TimerFired(entry[1], self._now))

    def _serve(self, request: Apply | Adopt | Recreate) -> None:
        self._requests.remove(request)
        ref, fate = request.ref, self.fates[request.ref]
        refusals = self._refusals.get(ref, [])
        if not isinstance(request, Adopt) and (refusals or request.attempt <= len(fate.faults)):
            cause = refusals.pop(0) if refusals else fate.faults[request.attempt - 1]
            fault = Fault(cause, 0, "refused", fate.retry_after)
            self._answers.append(WriteFailed(ref, fault, self._number() % 10 / 10, self._now, self._now))
        else:
            outcome = Outcome.UNCHANGED if isinstance(request, Adopt) else Outcome.CREATED
            told, shown = (fate.healths[:1], fate.healths[1:]) if fate.told else ((), fate.healths)
            status = next((self._status(ref, health) for health in told), None)
            self._version += 1
            self._answers.append(WriteAccepted(ref, outcome, self._version, self._now, self._now, status))
            self._shows(ref, shown)
            self._pods.setdefault(ref, deque(fate.troubles))

    def _shows(self, ref: Ref, healths: Iterable[Health]) -> None:
        for health in healths:
            self._version += 1
            seen = HealthSeen(ref, self._status(ref, health), self._version, self._now)
            self._watch.setdefault(ref, deque()).append(seen)

    def _status(self, ref: Ref, health: Health) -> Status:
        assumed = health is Health.CURRENT and self.fates.get(ref, Fate()).assumed
        return Status(health, f"it is {health}", assumed=assumed, provisional=assumed)

    def _number(self) -> int:
        return next(self._numbers, 0)
