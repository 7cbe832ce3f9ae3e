"""Each rule of the verdict, by a run that breaks this rule alone."""

from __future__ import annotations

import pytest

from rebuild.model.errors import Exit
from rebuild.model.events import Event, IgnoreRulesUsed, ObjectRelapsed, RunEnded
from rebuild.model.findings import Difference, Limit, Severity
from rebuild.model.ignored import IgnoreRule, RuleUse
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.report.judgement import Judgement, findings, is_verified, judgements, limits
from rebuild.report.verdict import SIGINT, SIGTERM, Word, verdict
from tests.report.streams import (
    CURRENT,
    DB,
    EVERYTHING,
    SHOP,
    WEB,
    closing,
    ended,
    fold,
    opening,
    phase,
    plan,
    planned,
    run,
    verified,
)

STUCK = Status(Health.IN_PROGRESS, "0 of 1 available")
UNREAD = Status(Health.UNKNOWN, "could not be read: forbidden")
LIMIT = plan(
    *(planned(ref, awaited=ref != WEB) for ref in EVERYTHING),
    limits=(Limit("not-provable", WEB, "nothing answers behind it"),),
)
DRIFT = Difference(WEB, "spec.replicas", "3", "2", "kubectl")


def test_a_run_whose_objects_are_all_back_passes() -> None:
    answer = verdict(fold(run()))
    assert (answer.word, answer.exit, answer.recovery_seconds) == (Word.PASS, Exit.DONE, 14.2)
    assert answer.reason == "3 of 3 objects verified"


def failing(*middle: Event) -> tuple[dict[Ref, Judgement], str]:
    """The judgements and the reason of a run that must fail without a recovery time."""
    ledger = fold(run(*middle))
    answer = verdict(ledger)
    assert (answer.word, answer.exit, answer.recovery_seconds) == (Word.FAIL, Exit.ANSWER_IS_NO, None)
    return judgements(ledger), answer.reason


def test_a_failed_object_fails_the_run_and_comes_first_in_the_reason() -> None:
    judged, reason = failing(
        ended(WEB, Outcome.SKIPPED, ready=False, reason=f"waits for {SHOP}", because=SHOP, at=1.0),
        ended(SHOP, Outcome.FAILED, ready=False, reason="quota exhausted", at=2.0),
    )
    assert judged == {SHOP: Judgement.FAILED, WEB: Judgement.SKIPPED, DB: Judgement.VERIFIED}
    assert reason == "2 of 3 objects are not back (1 failed, 1 skipped), first v1/Namespace/-/shop: quota exhausted"


def test_of_several_failures_the_earliest_is_named() -> None:
    _, reason = failing(
        ended(SHOP, Outcome.FAILED, ready=False, reason="second", at=5.0),
        ended(DB, Outcome.FAILED, ready=False, reason="first", at=4.0),
    )
    assert reason.endswith("first v1/Secret/shop/db: first")


def test_an_object_skipped_for_what_is_not_in_the_plan_fails_the_run() -> None:
    missing = Ref.of("v1", "ServiceAccount", "shop", "default")
    judged, _ = failing(ended(WEB, Outcome.SKIPPED, ready=False, because=missing))
    assert judged[WEB] is Judgement.SKIPPED


def test_an_accepted_object_that_never_became_ready_fails_the_run_even_if_it_is_healthy_later() -> None:
    judged, reason = failing(ended(WEB, ready=False, reason="not ready within 300 s"))
    assert judged[WEB] is Judgement.NEVER_READY
    assert reason.endswith("not ready within 300 s")


@pytest.mark.parametrize(
    ("found", "judgement", "why"),
    [
        (verified(WEB, present=False, status=Status(Health.NOT_FOUND)), Judgement.MISSING, "not found"),
        (verified(WEB, present=False, status=UNREAD), Judgement.UNVERIFIED, "could not be read: forbidden"),
        (verified(WEB, DRIFT), Judgement.DIFFERENT, "spec.replicas is 2, declared is 3"),
        (verified(WEB, status=STUCK), Judgement.UNHEALTHY, "InProgress: 0 of 1 available"),
    ],
)
def test_an_object_that_verification_does_not_find_back_fails_the_run(
    found: Event, judgement: Judgement, why: str
) -> None:
    judged, reason = failing(found)
    assert judged[WEB] is judgement
    assert reason.endswith(f"{WEB}: {why}")


def test_an_object_that_nobody_verified_fails_the_run() -> None:
    ledger = fold([*opening(), plan(), verified(SHOP), verified(WEB), *closing()])
    assert verdict(ledger).word is Word.FAIL
    assert judgements(ledger)[DB] is Judgement.UNVERIFIED


def test_of_an_object_that_could_not_be_read_nobody_says_whether_it_is_back() -> None:
    ledger = fold(run(verified(WEB, present=False, status=UNREAD)))
    assert is_verified(ledger.objects[WEB], judgements(ledger)[WEB]) is None


def test_a_controller_owned_field_is_no_difference() -> None:
    assert verdict(fold(run(verified(WEB, owned=(DRIFT,))))).word is Word.PASS


def limited(*middle: Event) -> Judgement:
    return judgements(fold(run(*middle, the_plan=LIMIT)))[WEB]


def test_the_health_of_a_limited_object_is_excused_when_nobody_waited_for_it() -> None:
    unawaited = ended(WEB, ready=False)
    assert limited(unawaited, verified(WEB, status=STUCK)) is Judgement.LIMITED
    assert verdict(fold(run(unawaited, verified(WEB, status=STUCK), the_plan=LIMIT))).word is Word.PASS


@pytest.mark.parametrize(
    ("rule", "expired", "matched", "told"),
    [
        (IgnoreRule("r:4", "why", "me"), False, 1, []),
        (IgnoreRule("r:4", "why", "me"), False, 0, [("ignore-rule-unused", Severity.WARNING)]),
        (IgnoreRule("a:4", "why", "me", imported=True), False, 0, [("ignore-rule-unused", Severity.INFO)]),
        (IgnoreRule("r:4", "why", "me", "2026-01-31"), True, 0, [("ignore-rule-expired", Severity.WARNING)]),
    ],
)
def test_a_rule_that_is_over_or_hides_nothing_is_a_finding(
    rule: IgnoreRule, expired: bool, matched: int, told: list[tuple[str, Severity]]
) -> None:
    ledger = fold(run(verified(WEB), IgnoreRulesUsed((RuleUse(rule, expired, matched),))))
    assert [(finding.code, finding.severity) for finding in findings(ledger)] == told


ASSUMED = Status(Health.CURRENT, "health assumed: its CRD declares no conditions", assumed=True)


def test_an_assumed_health_passes_and_is_listed_as_a_limit() -> None:
    ledger = fold(run(verified(WEB, status=ASSUMED)))
    assert judgements(ledger)[WEB] is Judgement.VERIFIED
    assert verdict(ledger).word is Word.PASS
    assert limits(ledger) == (Limit("health-assumed", WEB, ASSUMED.message),)


def test_an_assumed_health_of_what_this_target_cannot_prove_is_the_one_limit_that_the_plan_told() -> None:
    unawaited = ended(WEB, ready=False)
    assert limited(unawaited, verified(WEB, status=ASSUMED)) is Judgement.LIMITED
    assert limits(fold(run(unawaited, verified(WEB, status=ASSUMED), the_plan=LIMIT))) == LIMIT.limits


def test_a_limited_object_that_is_back_all_the_same_counts_as_verified() -> None:
    assert limited(ended(WEB, ready=False), verified(WEB, status=CURRENT)) is Judgement.VERIFIED


@pytest.mark.parametrize(
    ("end", "found", "judgement"),
    [
        (ended(WEB, ready=False), verified(WEB, DRIFT), Judgement.DIFFERENT),
        (ended(WEB, ready=False), verified(WEB, present=False), Judgement.MISSING),
        (ended(WEB, Outcome.FAILED, ready=False), verified(WEB), Judgement.FAILED),
    ],
)
def test_a_limit_excuses_nothing_but_a_health_that_is_not_provable(
    end: Event, found: Event, judgement: Judgement
) -> None:
    assert limited(end, found) is judgement


def test_what_is_held_back_is_a_limit() -> None:
    held = plan(planned(SHOP, "hold-back"), planned(WEB), limits=(Limit("held-back-api", SHOP, "no API"),))
    ledger = fold(
        run(
            ended(SHOP, Outcome.SKIPPED, ready=False, reason="no API"),
            verified(SHOP, present=False, status=Status(Health.NOT_FOUND)),
            the_plan=held,
        )
    )
    assert verdict(ledger).word is Word.PASS
    assert verdict(ledger).reason == "1 of 2 objects verified"
    assert [(limit.code, limit.ref) for limit in limits(ledger)] == [("held-back-api", SHOP)]


@pytest.mark.parametrize(("seconds", "word"), [(59.9, Word.PASS), (60.0, Word.PASS), (60.001, Word.FAIL)])
def test_the_objective_is_met_up_to_its_last_moment(seconds: float, word: Word) -> None:
    answer = verdict(fold(run(seconds=seconds, objective=60.0)))
    assert (answer.word, answer.recovery_seconds) == (word, seconds)


def test_a_missed_objective_says_by_how_much() -> None:
    answer = verdict(fold(run(seconds=75.25, objective=60.0)))
    assert answer.exit is Exit.ANSWER_IS_NO
    assert answer.reason == "objective missed: recovery took 75.25 s, and the objective is 60 s"


def test_an_objective_without_a_measurement_is_missed() -> None:
    events = [*opening(objective=60.0), plan(), *(verified(ref) for ref in EVERYTHING), *closing()]
    answer = verdict(fold(events))
    assert (answer.word, answer.exit) == (Word.FAIL, Exit.ANSWER_IS_NO)
    assert "not measured" in answer.reason


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (SIGINT, Exit.INTERRUPTED),
        (SIGTERM, Exit.TERMINATED),
        ("the run's 600 s are over", Exit.INCOMPLETE),
        ("", Exit.INCOMPLETE),
    ],
)
def test_a_run_that_did_not_reach_its_end_is_incomplete_whatever_was_verified(reason: str, code: Exit) -> None:
    events = [*run()[:-1], RunEnded(complete=False, reason=reason, at=9.0)]
    answer = verdict(fold(events))
    assert (answer.word, answer.exit, answer.recovery_seconds) == (Word.INCOMPLETE, code, None)
    assert answer.reason == (reason or "the run was stopped")


@pytest.mark.parametrize("events", [[], run()[:-1], [*opening(), *closing()]])
def test_a_run_without_an_end_or_without_a_plan_is_incomplete(events: list[Event]) -> None:
    answer = verdict(fold(events))
    assert (answer.word, answer.exit) == (Word.INCOMPLETE, Exit.INCOMPLETE)
    assert answer.reason


def test_a_plan_passes_without_verification_unless_something_cannot_be_sent() -> None:
    good = fold([*opening("plan"), plan(), *closing()])
    bad = fold([*opening("plan"), plan(planned(SHOP), planned(WEB, "fail", "not served")), *closing()])
    assert (verdict(good).word, verdict(good).reason) == (Word.PASS, "3 objects planned")
    assert verdict(bad).exit is Exit.ANSWER_IS_NO
    assert verdict(bad).reason == f"1 of 2 objects cannot be sent, first {WEB}: not served"


def test_verify_needs_no_write() -> None:
    answer = verdict(fold(run(verb="verify")))
    assert (answer.word, answer.recovery_seconds) == (Word.PASS, None)


def test_a_counted_phase_that_never_ended_leaves_the_recovery_unmeasured() -> None:
    events = [*opening(), plan(), *(verified(ref) for ref in EVERYTHING), *phase("rebuild", 0.0, 5.0)[:1], *closing()]
    assert verdict(fold(events)).recovery_seconds is None


def test_a_limit_about_something_else_does_not_excuse_health() -> None:
    """Only the plan knows whose health this target cannot prove; any other limit says nothing about it."""
    other = plan(limits=(Limit("gate-not-provable", WEB, "does not wait for what cannot answer"),))
    found = fold(run(verified(WEB, status=STUCK), the_plan=other))
    assert judgements(found)[WEB] is Judgement.UNHEALTHY


def test_looking_is_no_recovery() -> None:
    """`verify` has a phase, and nothing came back in it."""
    found = [verified(ref) for ref in EVERYTHING]
    events = [*opening("verify"), plan(), *phase("verify", 0.0, 1.0), *found, *closing()]
    assert verdict(fold(events)).recovery_seconds is None


@pytest.mark.parametrize("outcome", [Outcome.UNCHANGED, Outcome.CONFIGURED])
def test_touching_up_what_lives_is_no_recovery(outcome: Outcome) -> None:
    found = run(ended(WEB, outcome))
    assert verdict(fold(found)).word is Word.PASS
    assert verdict(fold(found)).recovery_seconds is None
    assert verdict(fold(run())).recovery_seconds is not None


def test_what_relapses_soon_after_it_was_verified_is_not_back() -> None:
    relapse = ObjectRelapsed(WEB, Status(Health.NOT_FOUND, "was deleted"), 19.0)
    ledger = fold(run(verified(WEB), relapse))
    assert judgements(ledger)[WEB] is Judgement.RELAPSED
    assert ledger.verified == len(EVERYTHING) - 1
    answer = verdict(ledger)
    assert answer.word is Word.FAIL
    assert answer.reason.endswith(f"first {WEB}: was in order and is not any more: was deleted")


def test_what_is_verified_once_more_after_its_relapse_is_back() -> None:
    relapse = ObjectRelapsed(WEB, Status(Health.NOT_FOUND, "was deleted"), 19.0)
    ledger = fold(run(verified(WEB), relapse, verified(WEB)))
    assert judgements(ledger)[WEB] is Judgement.VERIFIED
    assert ledger.verified == len(EVERYTHING)
