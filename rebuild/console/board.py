"""What the live board says: a picture of one moment of a run, made of the events up to then.

Pure: it is told the events and the time, and returns something that rich can draw. It draws nothing itself, and a
picture that it has returned never changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from rich.console import Group, RenderableType
from rich.text import Text

from rebuild.console.rows import bar, line, short
from rebuild.console.safe import clean
from rebuild.console.words import trouble
from rebuild.model.edges import Edge, Gate
from rebuild.model.events import Event, ObjectEnded, Planned, WriteIntended
from rebuild.model.facts import HealthSeen, RunResumed, StopAsked, WriteAccepted
from rebuild.model.groups import is_group
from rebuild.model.refs import Ref
from rebuild.model.states import Health
from rebuild.model.wording import counted
from rebuild.report.ledger import FINAL, Ledger, Record, Standing

ROWS = 6
"""Objects under way that are named; the oldest come first, since they are what the run waits for."""
FAILURES = 3
"""Failures that stay in view; the report has all."""
INDENT = " " * 10

STANDINGS = (
    Standing.FAILED,
    Standing.SKIPPED,
    Standing.DONE,
    Standing.SETTLING,
    Standing.IN_FLIGHT,
    Standing.WAITING,
)
DOING = {Standing.IN_FLIGHT: "sending", Standing.WAITING: "retrying", Standing.SETTLING: "settling"}
COLORS: dict[str, str] = {
    Standing.IN_FLIGHT: "cyan",
    Standing.SETTLING: "yellow",
    Standing.WAITING: "magenta",
    Standing.DONE: "green",
    Standing.FAILED: "bold red",
    Standing.SKIPPED: "red",
}


class Board:
    """Follows a run in a ledger, and remembers what the ledger could only find by a scan."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._under_way: dict[Ref, Record] = {}
        self._failures: deque[Record] = deque(maxlen=FAILURES)
        self._dependents: dict[Ref, list[Edge]] = {}
        self._expected: dict[Ref, Health] = {}
        """Objects outside the plan that something waits for, until they are Current."""
        self._stopping = ""

    def add(self, event: Event) -> None:
        """Fold the next event."""
        self._ledger.add(event)
        match event:
            case Planned():
                for edge in event.edges:
                    self._dependents.setdefault(edge.dependency, []).append(edge)
                missing = (ref for ref in self._dependents if ref not in self._ledger.objects and not is_group(ref))
                self._expected = dict.fromkeys(missing, Health.NOT_FOUND)
            case WriteIntended() | WriteAccepted():
                record = self._ledger.objects.get(event.ref)
                if record and record.standing not in FINAL:
                    self._under_way.setdefault(event.ref, record)
            case HealthSeen() if event.ref in self._expected:
                if event.status.health is Health.CURRENT:
                    del self._expected[event.ref]
                else:
                    self._expected[event.ref] = event.status.health
            case ObjectEnded():
                self._under_way.pop(event.ref, None)
                record = self._ledger.objects.get(event.ref)
                if record and record.standing is Standing.FAILED:
                    self._failures.append(record)
            case StopAsked():
                self._stopping = event.reason
            case RunResumed():
                self._stopping = ""

    def picture(self, elapsed: float) -> RenderableType:
        """The board as of now; `elapsed` is in seconds since the run began, as in the events' times."""
        elapsed = self._ledger.end.at if self._ledger.end else elapsed
        rows = (*self._progress(), *self._objects(elapsed), *self._awaited(), *self._failed())
        return Group(self._header(elapsed), *rows)

    def farewell(self) -> Text | None:
        """What stays on the screen when the board goes: what became of the objects, and how long each phase took."""
        if not self._ledger.objects:
            return None
        phases = ", ".join(f"{p.name} {p.seconds:.1f} s" for p in self._ledger.phases if p.seconds is not None)
        counts = ", ".join(f"{count} {word}" for word, count in self._counts())
        parts = (f"{counted(len(self._ledger.objects), 'object')}: {counts}", phases)
        return Text(clean("; ".join(part for part in parts if part)))

    def _header(self, elapsed: float) -> Text:
        phase = next((p.name for p in reversed(self._ledger.phases) if p.ended is None), "")
        target = self._ledger.target
        return line(
            (self._ledger.verb, "bold"),
            (f"  {elapsed:.1f} s", "bold"),
            (f"  stopping: {self._stopping}" if self._stopping else "", "bold red"),
            (f"  {phase}" if phase else "", "cyan"),
            (f"  on {target.provider} {target.version}" if target else "", "dim"),
        )

    def _progress(self) -> Iterator[RenderableType]:
        total = len(self._ledger.objects)
        if not total:
            return
        through = self._ledger.judged or sum(self._ledger.count(standing) for standing in FINAL)
        yield bar(through, total, f"{through} of {total}")
        yield line(*((f"{count} {word}  ", COLORS.get(word, "")) for word, count in self._counts()))

    def _counts(self) -> list[tuple[str, int]]:
        """Words and how many objects each is true of, without the zeros; the worst first, as a narrow screen cuts."""
        counts: list[tuple[str, int]] = [(standing, self._ledger.count(standing)) for standing in STANDINGS]
        if self._ledger.judged:
            # A verification alone writes nothing, so its objects wait for nothing either.
            # What was verified was done before, and is counted once.
            rest = {**dict(counts), Standing.DONE: max(self._ledger.count(Standing.DONE) - self._ledger.verified, 0)}
            counts = [("verified", self._ledger.verified), *((w, n) for w, n in rest.items() if w != Standing.WAITING)]
        return [(word, count) for word, count in counts if count]

    def _objects(self, elapsed: float) -> Iterator[Text]:
        for record in islice(self._under_way.values(), ROWS):
            began = record.accepted_at if record.intended_at is None else record.intended_at
            seconds = max(elapsed - (elapsed if began is None else began), 0.0)
            message = trouble(record)
            yield line(
                (f"{DOING.get(record.standing, ''):<{len(INDENT)}}", COLORS.get(record.standing, "")),
                (short(record.ref), ""),
                (f"  {seconds:.1f} s", "bold"),
                (f"  {message}" if message else "", "dim"),
            )
            yield from self._dependents_of(record.ref, exists=record.is_accepted)
        if len(self._under_way) > ROWS:
            yield line((f"{INDENT}and {len(self._under_way) - ROWS} more under way", "dim"))

    def _awaited(self) -> Iterator[Text]:
        """What others make: named when nothing of our own is left to wait for."""
        if self._under_way:
            return
        for ref, health in islice(self._expected.items(), ROWS):
            dependents = list(self._dependents_of(ref, exists=health is not Health.NOT_FOUND))
            if dependents:
                yield line((f"{'expecting':<{len(INDENT)}}", COLORS[Standing.WAITING]), (short(ref), ""))
                yield from dependents

    def _dependents_of(self, ref: Ref, *, exists: bool) -> Iterator[Text]:
        """Who waits for an object, on one row or none."""
        edges = (edge for edge in self._dependents.get(ref, ()) if not (exists and edge.gate is Gate.EXISTS))
        waiting = {edge.dependent: edge.why for edge in edges if self._has_not_begun(edge.dependent)}
        if waiting:
            first, why = next(iter(waiting.items()))
            wait = f"and {len(waiting) - 1} more wait" if len(waiting) > 1 else "waits"
            yield line((f"{INDENT}{short(first)} {wait} for it ({why})", "dim"))

    def _has_not_begun(self, ref: Ref) -> bool:
        record = self._ledger.objects.get(ref)
        return record is not None and record.standing is Standing.WAITING and record.attempts == 0

    def _failed(self) -> Iterator[Text]:
        for record in self._failures:
            what = f"{'failed':<{len(INDENT)}}"
            yield line((what, COLORS[Standing.FAILED]), (short(record.ref), ""), (f"  {record.reason}", "dim"))
