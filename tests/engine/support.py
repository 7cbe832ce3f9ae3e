"""Plans from a few lines, and a run that is fed by hand and audited after every fact."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rebuild.engine.commands import Adopt, Apply, Command, StartTimer
from rebuild.engine.handle import begin, handle
from rebuild.engine.policy import Policy
from rebuild.engine.state import Progress, State
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.facts import (
    Fact,
    HealthSeen,
    StopAsked,
    Timer,
    TimerFired,
    TimerKind,
    TroubleSeen,
    WriteAccepted,
    WriteFailed,
)
from rebuild.model.faults import Cause, Fault
from rebuild.model.groups import group, is_group
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.plan.steps import Action, Plan, Step
from tests.engine.invariants import Auditor

POLICY = Policy(object_deadline=300, run_deadline=1800, soft_hold=10)

IMAGE = "app:1"
"""The one image that each object of these plans declares, if it makes Pods."""
BODY: Body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": IMAGE}]}}}}
MISSED = Trouble(TroubleKind.IMAGE, "Pod web-1: no such image", IMAGE)
CRASHED = Trouble(TroubleKind.CRASH, "Pod web-1: container web ended with exit code 3")

_GROUPS = {"Deployment": "apps", "Job": "batch", "CustomResourceDefinition": "apiextensions.k8s.io"}
_ARROWS = {"->": Strength.HARD, "~>": Strength.SOFT}


def ref(text: str) -> Ref:
    """`web` is a Deployment, `Job/seed` is a Job; all live in one namespace. `Group/wave` is a group."""
    kind, _, name = text.rpartition("/")
    if kind == "Group":
        return group(name)
    kind = kind or "Deployment"
    return Ref(_GROUPS[kind], kind, "shop", name)


def edge(text: str) -> Edge:
    """`web -> db ready` is a hard edge, `web ~> db` a soft one; the gate is EXISTS where none is named."""
    dependent, arrow, dependency, *gate = text.split()
    return Edge(ref(dependent), ref(dependency), Gate(*gate or ["exists"]), _ARROWS[arrow], text)


def plan(
    *lines: str,
    expected: Collection[str] = (),
    actions: Mapping[str, Action] | None = None,
    tails: Mapping[str, float] | None = None,
    unawaited: Collection[str] = (),
) -> Plan:
    """A plan of all objects that the lines name, except the expected ones; a line is an edge or a lone name."""
    edges = tuple(edge(line) for line in lines if " " in line)
    others = frozenset(map(ref, expected))
    names = {name for line in lines for name in line.split()[:3:2]}
    steps = {
        ref(name): Step(
            manifest=Manifest(ref(name), BODY, Origin("all.yaml", 1)),
            action=(actions or {}).get(name, Action.CREATE),
            awaited=name not in unawaited,
            tail=(tails or {}).get(name, 0.0),
            reason=f"the plan says so of {name}",
        )
        for name in sorted(names)
        if ref(name) not in others and not is_group(ref(name))
    }
    return Plan(steps, edges, others, Kinds([]))


class Run:
    """Feeds facts by short names; every call returns the commands, and every invariant holds after each."""

    def __init__(self, plan: Plan, policy: Policy = POLICY) -> None:
        self.state = State(plan, policy)
        self.auditor = Auditor(self.state)
        self.facts: list[Fact] = []
        self.first = begin(self.state)
        self.auditor.begun(self.first)

    def feed(self, fact: Fact) -> list[Command]:
        """Hand a fact to the engine."""
        self.facts.append(fact)
        commands = handle(self.state, fact)
        self.auditor.happened(fact, commands)
        return commands

    def accept(
        self, name: str, version: int = 1, outcome: Outcome = Outcome.CREATED, health: Health | None = None
    ) -> list[Command]:
        """The API server takes the write, and its answer may tell the object's health."""
        status = Status(health, f"it is {health}") if health else None
        return self.feed(WriteAccepted(ref(name), outcome, version, 0, 0, status))

    def fail(self, name: str, cause: Cause, retry_after: float = 0, chance: float = 0, at: float = 0) -> list[Command]:
        """The write fails; with chance 0 the pause is half of the full wait."""
        return self.feed(WriteFailed(ref(name), Fault(cause, 0, f"it said {cause}", retry_after), chance, 0, at))

    def see(self, name: str, health: Health = Health.CURRENT, version: int = 1) -> list[Command]:
        """The watch shows the object."""
        return self.feed(HealthSeen(ref(name), Status(health, f"it is {health}"), version, 0))

    def trouble(self, name: str, trouble: Trouble | None, at: float = 0) -> list[Command]:
        """The watch shows what keeps the Pods of the object."""
        return self.feed(TroubleSeen(ref(name), trouble, at))

    def ready(self, name: str) -> list[Command]:
        """The write is accepted and the object is healthy."""
        return self.accept(name) + self.see(name)

    def fire(self, kind: TimerKind, name: str = "", at: float = 0) -> list[Command]:
        """A timer runs down."""
        attempt = self.of(name).attempts if kind in (TimerKind.RETRY, TimerKind.WAKE) else 0
        return self.feed(TimerFired(Timer(kind, ref(name) if name else None, attempt), at))

    def stop(self) -> list[Command]:
        """Somebody presses Ctrl-C."""
        return self.feed(StopAsked("interrupted", 0))

    def of(self, name: str) -> Progress:
        """How far an object has come."""
        return self.state.objects[ref(name)]


def sent(commands: list[Command]) -> list[str]:
    """The names of what leaves, in order."""
    return [command.ref.name for command in commands if isinstance(command, Apply | Adopt)]


def timers(commands: list[Command], kind: TimerKind) -> dict[str, float]:
    """The timers of one kind that are started, as seconds by name."""
    return {
        command.timer.ref.name: command.seconds
        for command in commands
        if isinstance(command, StartTimer) and command.timer.kind is kind and command.timer.ref
    }
