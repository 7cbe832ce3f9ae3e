"""Shows a run as lines, one per change: for logs, pipes and terminals that cannot move their cursor.

Nothing is measured here and nothing runs by itself: the times are those of the events, so the sign of life after
a long silence comes with the next event that changes nothing. Lines are neither wrapped nor colored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TextIO, assert_never

from rebuild.console.safe import clean
from rebuild.console.words import trouble
from rebuild.model.events import (
    ApplyAsked,
    Event,
    FlowSettled,
    IgnoreRulesUsed,
    ImageObserved,
    ObjectEnded,
    ObjectRelapsed,
    ObjectVerified,
    PhaseBegan,
    PhaseEnded,
    Planned,
    PodsObserved,
    RunEnded,
    RunStarted,
    SourceRead,
    StageEnded,
    TargetBound,
    WriteIntended,
)
from rebuild.model.facts import (
    GapClock,
    HealthSeen,
    RunResumed,
    StopAsked,
    TimerFired,
    TroubleSeen,
    WriteAccepted,
    WriteFailed,
)
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.model.wording import counted
from rebuild.providers.steps import Step
from rebuild.report.ledger import FINAL, Ledger, Record, Standing

SILENCE = 30.0
"""Seconds without a line after which a sign of life is due."""
LONGEST = 400
"""Characters of a foreign message that are shown; the report has all of it."""
NAMED = 3
"""Objects that a sign of life names."""


class PlainView:
    """Writes one line per change to a stream."""

    def __init__(self, stream: TextIO, *, now: Callable[[], float]) -> None:
        self._stream = stream
        self._now = now
        self._said = 0.0
        self._ledger = Ledger()
        self._outcomes: Counter[Outcome] = Counter()
        self._under_way: dict[Ref, Record] = {}
        self._seen_unready: set[Ref] = set()
        self._troubles: set[tuple[Ref, TroubleKind, str]] = set()
        """Those that were told: a Pod may come back to the same one many times."""
        self._step: Step | None = None
        self._step_said = 0.0

    def event(self, event: Event) -> None:
        """Write the line of this event if it has one, else perhaps a sign of life."""
        self._ledger.add(event)
        match event:
            case RunStarted(run, verb):
                self._say(0.0, "run", f"{verb} {run}")
            case SourceRead(repository, ref, path, commit):
                where = " ".join(part for part in (repository, ref, path) if part)
                self._say(self._said, "source", f"{where} at {commit[:12]}" if commit else f"{where} (not a commit)")
            case TargetBound(uid, version, server, provider, fidelity):
                self._say(self._said, "target", f"{provider} {version} at {server} ({fidelity}, uid {uid})")
            case Planned(objects, edges, findings, limits, at):
                parts = ((objects, "object"), (edges, "edge"), (findings, "finding"), (limits, "limit"))
                self._say(at, "planned", ", ".join(counted(len(values), noun) for values, noun in parts))
            case PhaseBegan(name, _, at):
                self._say(at, "phase", name)
            case PhaseEnded(name, at):
                self._phase_ended(name, at)
            case StageEnded(name, seconds, at):
                self._say(at, "stage", f"{name} took {seconds:.1f} s")
            case WriteIntended(ref, _, at) | WriteFailed(ref, _, _, _, at):
                self._begun(ref)
                self._sign_of_life(at)
            case WriteAccepted(ref, outcome, _, _, at, status):
                self._begun(ref)
                self._accepted(ref, outcome, at)
                if status is not None:
                    self._seen(ref, status.health)
            case HealthSeen(ref, status, _, at):
                self._seen(ref, status.health)
                self._sign_of_life(at)
            case TroubleSeen(ref, trouble, at):
                self._troubled(ref, trouble, at)
            case ObjectEnded():
                self._ended(event)
            case ObjectRelapsed(ref, status, at):
                self._say(at, "relapsed", f"{ref}: {status.message}")
            case ObjectVerified():
                self._verified(event)
            case StopAsked(reason, at):
                self._say(at, "stopping", reason)
            case RunEnded(complete, reason, at):
                self._say(at, "ended" if complete else "incomplete", reason)
            case RunResumed(since, clock, _, _, at):
                gap = f"after a gap of {at - since:.1f} s" if clock is not GapClock.NONE else "after a gap"
                self._say(at, "resumed", gap)
            case PodsObserved() | ImageObserved() | ApplyAsked() | IgnoreRulesUsed() | FlowSettled():
                pass
            case TimerFired(_, at):
                self._sign_of_life(at)
            case _:
                assert_never(event)

    def recall(self, events: Iterable[Event]) -> None:
        """Know of these without writing of them."""
        for event in events:
            self._ledger.add(event)

    def build_step(self, step: Step) -> None:
        """Write a line per program, and one every 30 s while it is built."""
        now = self._now()
        if not step.binary:
            self._write(step.activity)
        elif self._step is None or self._step.binary != step.binary:
            self._write(f"building {step.binary} ({step.number} of {step.total})")
        elif now - self._step_said >= SILENCE:
            share = f": {step.compiled} of {step.packages} packages" if step.packages else ""
            self._write(f"building {step.binary} ({step.number} of {step.total}){share}, {step.activity}")
        else:
            return
        self._step, self._step_said = step, now

    def note(self, text: str) -> None:
        """Write the text as it is."""
        self._write(text)

    def pause(self) -> None:
        """Lines are in nobody's way."""

    def close(self) -> None:
        """Lines need no farewell."""

    def _begun(self, ref: Ref) -> None:
        record = self._ledger.objects.get(ref)
        if record and record.standing not in FINAL:
            self._under_way.setdefault(ref, record)

    def _seen(self, ref: Ref, health: Health) -> None:
        record = self._ledger.objects.get(ref)
        if record and record.is_ready:
            # The run waits for what was ready and is on its way again.
            if health is Health.IN_PROGRESS:
                self._under_way[ref] = record
            else:
                self._under_way.pop(ref, None)
        elif ref in self._under_way and health is not Health.CURRENT:
            self._seen_unready.add(ref)

    def _accepted(self, ref: Ref, outcome: Outcome, at: float) -> None:
        self._outcomes[outcome] += 1
        # On a second run nearly all objects are unchanged, and that is no change: the line of the phase counts them.
        if outcome is Outcome.UNCHANGED:
            self._sign_of_life(at)
        else:
            self._say(at, outcome, str(ref))

    def _troubled(self, ref: Ref, trouble: Trouble | None, at: float) -> None:
        known = trouble and (ref, trouble.kind, trouble.image)
        if trouble and known and not trouble.kind.is_ordinary and known not in self._troubles:
            self._troubles.add(known)
            self._say(at, "trouble", f"{ref} {_short(trouble.message)}")
        else:
            self._sign_of_life(at)

    def _phase_ended(self, name: str, at: float) -> None:
        seconds = next((phase.seconds for phase in reversed(self._ledger.phases) if phase.name == name), None)
        counts = ", ".join(f"{self._outcomes[outcome]} {outcome}" for outcome in Outcome if self._outcomes[outcome])
        self._outcomes.clear()
        self._say(at, "phase", f"{name} took {seconds or 0.0:.1f} s" + (f": {counts}" if counts else ""))

    def _ended(self, event: ObjectEnded) -> None:
        self._under_way.pop(event.ref, None)
        record = self._ledger.objects.get(event.ref)
        # The cause of a skip is named by its ref: its own line has told what happened to it.
        because = f"because {_short(str(event.because or event.reason))}"
        if event.outcome in (Outcome.FAILED, Outcome.SKIPPED):
            self._outcomes[event.outcome] += 1
            self._say(event.at, event.outcome, f"{event.ref} {because}")
        elif record and record.standing is Standing.FAILED:
            self._say(event.at, "not ready", f"{event.ref} {because}")
        elif event.ready and event.ref in self._seen_unready:
            self._say(event.at, "ready", str(event.ref))
        else:
            self._sign_of_life(event.at)

    def _verified(self, event: ObjectVerified) -> None:
        if not event.present:
            if event.status.health is Health.UNKNOWN:
                self._say(self._said, "unverified", f"{event.ref} {_short(event.status.message)}")
            else:
                self._say(self._said, "missing", str(event.ref))
            return
        for difference in event.differences:
            shown = f"declared {_short(difference.declared)}, live {_short(difference.live)}"
            self._say(self._said, "differs", f"{event.ref} {difference.path}: {shown}")
        if event.status.health is not Health.CURRENT and event.ref not in self._ledger.limited:
            self._say(self._said, "unhealthy", f"{event.ref} {event.status.health}: {_short(event.status.message)}")

    def _sign_of_life(self, at: float) -> None:
        if at - self._said < SILENCE:
            return
        named = ", ".join(_with_trouble(record) for record in islice(self._under_way.values(), NAMED))
        more = f" and {len(self._under_way) - NAMED} more" if len(self._under_way) > NAMED else ""
        self._say(at, "waiting", f"for {named or 'the cluster'}{more}")

    def _say(self, at: float, what: str, text: str) -> None:
        self._said = at
        self._write(f"{at:7.1f}s  {what:<10} {text}")

    def _write(self, line: str) -> None:
        self._stream.write(clean(line) + "\n")
        self._stream.flush()


def _with_trouble(record: Record) -> str:
    message = trouble(record)
    return f"{record.ref} ({_short(message)})" if message else str(record.ref)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
