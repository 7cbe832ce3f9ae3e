"""What is told about a run: facts, and the landmarks between them. The journal keeps them, views fold them.

The plan comes before the first write, so every view knows the totals. Times are seconds on the run's monotonic
clock; only `RunStarted` carries the wall clock.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from rebuild.model.edges import Edge
from rebuild.model.facts import Fact, Process
from rebuild.model.findings import Difference, Finding, Limit
from rebuild.model.ignored import Ignored, RuleUse
from rebuild.model.images import Image, NeededImage
from rebuild.model.objects import Origin
from rebuild.model.pods import PodEvent, PodTimes
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome, Status


class RunStarted(Struct, frozen=True):
    """`started` is RFC 3339 in UTC; times are in seconds, 0 where there is none.

    `objective` is the recovery time objective, `stable` for how long what came back has to stay.
    """

    run: str
    verb: str
    tool: str
    started: str
    objective: float = 0.0
    stable: float = 0.0
    process: Process | None = None


class ApplyAsked(Struct, frozen=True):
    """How `apply` was called, as far as another process needs that to go on with it; credentials are left out.

    Where the source is, `SourceRead` says; `additions` are folders beside it. `rules` is the user's file of rules,
    empty where there is none. Those from `object_deadline` on are the engine's patience in seconds.
    """

    namespace: str
    additions: tuple[str, ...]
    context: str
    kubeconfig: str
    request_timeout: float
    rules: str
    takes_over: bool
    object_deadline: float
    run_deadline: float
    soft_hold: float
    grace: float
    image_patience: float
    recreate: tuple[str, ...] = ()
    """The kinds that may be made anew, each as `group/Kind`."""


class PhaseBegan(Struct, frozen=True):
    """A stretch of the run; `counted` phases make up the recovery time."""

    name: str
    counted: bool
    at: float


class PhaseEnded(Struct, frozen=True):
    """The phase that began last is over."""

    name: str
    at: float


class StageEnded(Struct, frozen=True):
    """A part of the phase that lasts is over, after so many seconds; stages need not add up to their phase."""

    name: str
    seconds: float
    at: float


class SourceRead(Struct, frozen=True):
    """What is being rebuilt. `commit` is empty when it is not a commit."""

    repository: str
    ref: str
    path: str
    commit: str
    committed_at: str


class TargetBound(Struct, frozen=True):
    """Where it is being rebuilt: writes go to the cluster with this UID and to no other."""

    uid: str
    version: str
    server: str
    provider: str
    fidelity: str


class PlannedObject(Struct, frozen=True):
    """One object as the plan has it; `digest` stands for what will be sent, since the journal holds no bodies.

    `awaited` says whether the run waits for its health: where not, the target cannot prove that. `tail`, `version` and
    `uid` are those of its step.
    """

    ref: Ref
    origin: Origin
    action: str
    reason: str
    digest: str
    awaited: bool = True
    tail: float = 0.0
    version: int = 0
    uid: str = ""


class Planned(Struct, frozen=True):
    """The whole plan, before anything is written.

    `expected` are the objects that others make, `waiting_claims` those that are bound when a Pod uses them.
    """

    objects: tuple[PlannedObject, ...]
    edges: tuple[Edge, ...]
    findings: tuple[Finding, ...]
    limits: tuple[Limit, ...]
    at: float
    images: tuple[NeededImage, ...] = ()
    expected: tuple[Ref, ...] = ()
    waiting_claims: tuple[Ref, ...] = ()


class WriteIntended(Struct, frozen=True):
    """A write is about to leave, after the object with the UID `replaces` is deleted, where there is one."""

    ref: Ref
    attempt: int
    at: float
    replaces: str = ""


class FlowSettled(Struct, frozen=True):
    """How many writes could be under way at once when the last one was answered, and what kept that number there.

    `lowest` and `highest` are its extremes, `busiest` the most that were under way, `overloads` how many of the
    `writes` were answered with a wish for patience, or not at all.
    """

    limit: int
    lowest: int
    highest: int
    busiest: int
    writes: int
    overloads: int
    why: str
    at: float


class ObjectEnded(Struct, frozen=True):
    """The engine is through with an object: nothing more will be done about it in this run."""

    ref: Ref
    outcome: Outcome | None
    ready: bool
    reason: str
    because: Ref | None
    released_without: tuple[Edge, ...]
    at: float


class ObjectVerified(Struct, frozen=True):
    """What verification found of one declared object.

    An object that is not `present` has the health NotFound, or Unknown where its kind could not be read. `dissent` is
    what a second opinion says against this, where one was asked for.
    """

    ref: Ref
    present: bool
    equal: bool
    status: Status
    differences: tuple[Difference, ...]
    controller_owned: tuple[Difference, ...]
    ignored: tuple[Ignored, ...] = ()
    dissent: str = ""


class ObjectRelapsed(Struct, frozen=True):
    """An object that verification had found in order is not any more."""

    ref: Ref
    status: Status
    at: float


class IgnoreRulesUsed(Struct, frozen=True):
    """What the rules by which differences are ignored came to, when all objects had been looked at."""

    uses: tuple[RuleUse, ...]


class PodsObserved(Struct, frozen=True):
    """What was told of the Pods of one declared workload when all was over.

    There are `times` only where real containers ran, and `events`, the last warnings, only where it is not healthy.
    """

    ref: Ref
    times: tuple[PodTimes, ...]
    events: tuple[PodEvent, ...]


class ImageObserved(Struct, frozen=True):
    """How an image came to the nodes, as kubelets told it; of several pulls the longest is given.

    `seconds` of pulling and `waited`, with the wait for other pulls, are None where it was never pulled; `size` is in
    bytes, 0 where it was not told.
    """

    image: Image
    pulls: int
    present: int
    seconds: float | None
    waited: float | None
    size: int


class RunEnded(Struct, frozen=True):
    """Why the run stopped; `complete` when it reached its end, whatever the answer was.

    `exit` is the exit code of what cut the run short, where that has one of its own.
    """

    complete: bool
    reason: str
    at: float
    exit: int = 0


Event: TypeAlias = (
    Fact
    | RunStarted
    | ApplyAsked
    | PhaseBegan
    | PhaseEnded
    | StageEnded
    | SourceRead
    | TargetBound
    | Planned
    | WriteIntended
    | FlowSettled
    | ObjectEnded
    | ObjectVerified
    | ObjectRelapsed
    | IgnoreRulesUsed
    | PodsObserved
    | ImageObserved
    | RunEnded
)
