"""What became of one declared object, in one word: is it back, and if not, what is the first thing in the way.

Here alone stands what counts as a failure, so the verdict, the JSON and the text cannot differ. Nothing that was
left unproven counts as back: it is a limit where the plan says that this target cannot prove it, else a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from rebuild.model.faults import Cause
from rebuild.model.findings import Finding, Limit, Severity
from rebuild.model.ignored import RuleUse
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.model.troubles import TroubleKind
from rebuild.report.ledger import Ledger, Record, passed

HOLD_BACK, FAIL = "hold-back", "fail"
"""The plan's words (`plan.steps.Action`, one floor up) for what is never sent."""


class Judgement(StrEnum):
    """In the order in which a reader wants to hear of them: causes before what follows from them."""

    FAILED = "failed"
    """Its write was not accepted, or it could not be sent at all."""
    NEVER_READY = "never-ready"
    """Accepted, and not healthy in its time."""
    SKIPPED = "skipped"
    """Not sent, because an object that it must wait for did not come."""
    MISSING = "missing"
    """Verification did not find it."""
    DIFFERENT = "different"
    """Verification found a declared field that does not mean the same."""
    UNHEALTHY = "unhealthy"
    """Verification found it present and equal, and not healthy."""
    RELAPSED = "relapsed"
    """Verification found it in order, and soon after it was not any more."""
    UNVERIFIED = "unverified"
    """Verification did not look at it, or was not let."""
    LIMITED = "limited"
    """This target cannot prove it: neither a failure nor a pass."""
    PLANNED = "planned"
    """The run was a plan: nothing was to be done."""
    VERIFIED = "verified"
    """Present, equal and healthy."""


FAILURES = (
    Judgement.FAILED,
    Judgement.NEVER_READY,
    Judgement.SKIPPED,
    Judgement.MISSING,
    Judgement.DIFFERENT,
    Judgement.UNHEALTHY,
    Judgement.RELAPSED,
    Judgement.UNVERIFIED,
)


def judge(ledger: Ledger, record: Record) -> Judgement:
    """Judge one object by all that the run has said of it.

    What was held back is a limit whatever verification found; nothing waits for it, since the plan leaves out what it
    cannot open. Of an object whose health the plan does not await, because the target cannot prove it, only the health
    is excused.
    """
    if record.plan.action == HOLD_BACK:
        return Judgement.LIMITED
    if ledger.verb == "plan":
        return Judgement.FAILED if record.plan.action == FAIL else Judgement.PLANNED
    if record.ended and record.outcome is Outcome.SKIPPED:
        return Judgement.SKIPPED
    if record.ended and not record.is_accepted:
        return Judgement.FAILED
    health_excused = not record.plan.awaited
    if record.ended and not record.is_ready and not health_excused:
        return Judgement.NEVER_READY
    return _verification(record, health_excused)


def _verification(record: Record, health_excused: bool) -> Judgement:
    found = record.verification
    if found is None:
        return Judgement.UNVERIFIED
    if not found.present:
        return Judgement.UNVERIFIED if found.status.health is Health.UNKNOWN else Judgement.MISSING
    if not found.equal:
        return Judgement.DIFFERENT
    if health_excused and (found.status.assumed or found.status.health is not Health.CURRENT):
        return Judgement.LIMITED
    if found.status.health is not Health.CURRENT:
        return Judgement.UNHEALTHY
    if record.relapse:
        return Judgement.RELAPSED
    return Judgement.VERIFIED


def is_verified(record: Record, judgement: Judgement) -> bool | None:
    """Whether the object is back; None where verification could not look or this target cannot prove it."""
    if record.verification is None or judgement in (Judgement.LIMITED, Judgement.PLANNED, Judgement.UNVERIFIED):
        return None
    return judgement is Judgement.VERIFIED and passed(record.verification)


def judgements(ledger: Ledger) -> dict[Ref, Judgement]:
    """The judgement on every declared object, in the order of the plan."""
    return {ref: judge(ledger, record) for ref, record in ledger.objects.items()}


def findings(ledger: Ledger) -> Iterator[Finding]:
    """What the plan found, who owns the fields that we declare and did not get, and which images could not be had."""
    if ledger.plan:
        yield from ledger.plan.findings
    yield from of_rules(ledger.ignore_rules)
    for record in ledger.objects.values():
        if record.verification and record.verification.dissent:
            yield Finding(
                "second-opinion",
                Severity.WARNING,
                record.verification.dissent,
                record.ref,
                record.plan.origin,
                "look for the reason in docs/verification.md",
            )
        if record.trouble and record.trouble.kind is TroubleKind.IMAGE and not record.is_ready:
            yield Finding(
                "image-unavailable",
                Severity.WARNING,
                record.trouble.message,
                record.ref,
                record.plan.origin,
                "mend its name or its pull secret, or bring it with --preload",
            )
        if record.fault and record.fault.cause is Cause.FIELD_CONFLICT:
            yield Finding(
                "field-conflict",
                Severity.WARNING,
                record.fault.message,
                record.ref,
                record.plan.origin,
                "leave the field out of the declaration, or make its owner give it up",
            )


def of_rules(uses: Iterable[RuleUse]) -> Iterator[Finding]:
    """What is wrong with the rules by which differences are ignored."""
    for use in uses:
        rule = use.rule
        # What another tool's rules are about may well be at rest here.
        severity = Severity.INFO if rule.imported else Severity.WARNING
        if use.expired:
            message = f"the rule {rule.place} expired on {rule.expires} and hides nothing any more"
            step = f"ask {rule.owner} whether it is still needed, and take it out or give it another date"
            yield Finding("ignore-rule-expired", Severity.WARNING, message, next_step=step)
        elif not use.matched:
            message = f"the rule {rule.place} matched nothing"
            yield Finding(
                "ignore-rule-unused", severity, message, next_step="take it out, or mend what it is meant to match"
            )


def limits(ledger: Ledger) -> tuple[Limit, ...]:
    """What this target cannot prove, and whose health nobody reports."""
    planned = ledger.plan.limits if ledger.plan else ()
    return (*planned, *_assumed(ledger))


def _assumed(ledger: Ledger) -> Iterator[Limit]:
    for record in ledger.objects.values():
        found = record.verification
        if found and found.status.assumed and record.plan.awaited:
            yield Limit("health-assumed", record.ref, found.status.message)
