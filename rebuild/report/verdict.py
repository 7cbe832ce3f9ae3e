"""The answer of a run: a word, an exit code, and the sentence that gives the reason.

Only a run that reached its end can pass or fail; everything else is INCOMPLETE. PASS means that every declared object
is back or is a limit that the report names, within the objective if there is one.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from msgspec import Struct

from rebuild.model.errors import Exit
from rebuild.model.facts import GapClock
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome
from rebuild.report import recovery
from rebuild.report.judgement import FAILURES, Judgement, judgements
from rebuild.report.ledger import Ledger, Record

SIGHUP, SIGINT, SIGTERM = (f"interrupted by {name}" for name in ("SIGHUP", "SIGINT", "SIGTERM"))
"""The reasons to give with a StopAsked (and so with RunEnded) when a signal stops the run."""
BEFORE = (Outcome.CONFIGURED, Outcome.RECREATED, Outcome.UNCHANGED)
"""What becomes of objects that were there before the run."""
_SIGNALS = {SIGHUP: Exit.HUNG_UP, SIGINT: Exit.INTERRUPTED, SIGTERM: Exit.TERMINATED}


class Word(StrEnum):
    """The verdict itself."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"


class Verdict(Struct, frozen=True):
    """`recovery_seconds` is the recovery time, None when it was not measured: verification did not pass."""

    word: Word
    exit: Exit
    reason: str
    recovery_seconds: float | None = None


def verdict(ledger: Ledger) -> Verdict:
    """The answer that the events folded so far give."""
    if ledger.end is None:
        return _incomplete("the run has not ended")
    if not ledger.end.complete:
        return _incomplete(ledger.end.reason or "the run was stopped", ledger.end.exit)
    if ledger.plan is None:
        return _incomplete("the run ended before there was a plan")
    judged = judgements(ledger)
    if any(judgement in FAILURES for judgement in judged.values()):
        return Verdict(Word.FAIL, Exit.ANSWER_IS_NO, _why_not(ledger, judged))
    if ledger.verb == "plan":
        return Verdict(Word.PASS, Exit.DONE, f"{len(judged)} objects planned")
    return _timed(ledger, judged)


def _incomplete(reason: str, code: int = 0) -> Verdict:
    own = Exit(code) if code else Exit.INCOMPLETE
    return Verdict(Word.INCOMPLETE, _SIGNALS.get(reason, own), reason)


def _timed(ledger: Ledger, judged: dict[Ref, Judgement]) -> Verdict:
    """Verification has passed: that stopped the clock, so now the objective is judged."""
    seconds = recovery.seconds(ledger.phases) if was_recovery(ledger) and was_timed(ledger) else None
    objective = ledger.run.objective if ledger.run else 0.0
    if objective > 0 and seconds is None:
        reason = f"objective missed: the recovery time was not measured, and the objective is {objective:g} s"
        return Verdict(Word.FAIL, Exit.ANSWER_IS_NO, reason)
    if objective > 0 and seconds is not None and seconds > objective:
        reason = f"objective missed: recovery took {round(seconds, 3)} s, and the objective is {objective:g} s"
        return Verdict(Word.FAIL, Exit.ANSWER_IS_NO, reason, seconds)
    verified = sum(judgement is Judgement.VERIFIED for judgement in judged.values())
    return Verdict(Word.PASS, Exit.DONE, f"{verified} of {len(judged)} objects verified", seconds)


def was_recovery(ledger: Ledger) -> bool:
    """Whether the run brought back what was not there: to look, or to touch up what lives, is no recovery."""
    found = {record.outcome for record in ledger.objects.values()}
    return ledger.verb in ("apply", "drill") and found.isdisjoint(BEFORE)


def was_timed(ledger: Ledger) -> bool:
    """Whether some clock told the length of each gap in the run."""
    return all(resumed.clock is not GapClock.NONE for resumed in ledger.resumed)


def _why_not(ledger: Ledger, judged: dict[Ref, Judgement]) -> str:
    counts = Counter(judged.values())
    parts = ", ".join(f"{counts[failure]} {failure}" for failure in FAILURES if counts[failure])
    worst = next(failure for failure in FAILURES if counts[failure])
    first = min((ledger.objects[ref] for ref, found in judged.items() if found is worst), key=_when)
    total = sum(counts[failure] for failure in FAILURES)
    why = explanation(first, worst)
    if ledger.verb == "plan":
        return f"{total} of {len(judged)} objects cannot be sent, first {first.ref}: {why}"
    return f"{total} of {len(judged)} objects are not back ({parts}), first {first.ref}: {why}"


def _when(record: Record) -> float:
    return record.ended.at if record.ended else float("inf")


def explanation(record: Record, judgement: Judgement) -> str:
    """Why an object was judged so, in one phrase."""
    found, status = record.verification, record.status
    match judgement:
        case Judgement.DIFFERENT if found and found.differences:
            difference = found.differences[0]
            more = f" and {len(found.differences) - 1} more" if len(found.differences) > 1 else ""
            return f"{difference.path} is {difference.live}, declared is {difference.declared}{more}"
        case Judgement.DIFFERENT:
            return "not as declared"
        case Judgement.UNHEALTHY if status:
            return f"{status.health}: {status.message}" if status.message else f"is {status.health}"
        case Judgement.RELAPSED if status:
            return f"was in order and is not any more: {status.message or status.health}"
        case Judgement.MISSING:
            return "not found"
        case Judgement.UNVERIFIED if found:
            return found.status.message
        case Judgement.UNVERIFIED:
            return "verification did not look at it"
        case _:
            return record.reason or judgement.value
