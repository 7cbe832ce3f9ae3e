"""The ledger records what was said, keeps counts without a scan, and takes any stream."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.errors import Exit
from rebuild.model.events import Event, ObjectVerified, PhaseEnded, StageEnded, WriteIntended
from rebuild.model.facts import HealthSeen, StopAsked, Timer, TimerFired, TimerKind, WriteAccepted, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.report import to_text
from rebuild.report.ledger import Ledger, Standing, passed
from rebuild.report.to_json import document
from rebuild.report.verdict import verdict
from tests.report.streams import CURRENT, EVERYTHING, WEB, ended, fold, phase, plan, run, verified

OVERLOAD = Fault(Cause.OVERLOAD, 429, "slow down")
STRANGER = Ref.of("v1", "ServiceAccount", "shop", "default")


def standing_after(*events: Event) -> Standing:
    return fold([plan(), *events]).objects[WEB].standing


def test_an_object_is_counted_where_it_stands() -> None:
    intended = WriteIntended(WEB, 1, 1.0)
    refused = WriteFailed(WEB, OVERLOAD, 0.5, 1.0, 2.0)
    accepted = WriteAccepted(WEB, Outcome.CREATED, 5, 1.0, 2.0)
    assert standing_after() is Standing.WAITING
    assert standing_after(intended) is Standing.IN_FLIGHT
    assert standing_after(intended, refused) is Standing.WAITING
    assert standing_after(intended, accepted) is Standing.SETTLING
    assert standing_after(intended, accepted, ended(WEB)) is Standing.DONE
    assert standing_after(intended, accepted, ended(WEB, ready=False)) is Standing.DONE
    assert standing_after(intended, accepted, ended(WEB, ready=False, reason="not ready")) is Standing.FAILED
    assert standing_after(ended(WEB, Outcome.FAILED, ready=False)) is Standing.FAILED
    assert standing_after(ended(WEB, Outcome.SKIPPED, ready=False)) is Standing.SKIPPED
    assert standing_after(ended(WEB), intended) is Standing.DONE


def test_times_and_attempts_tell_the_first_intent_and_the_last_answer() -> None:
    record = fold(
        [
            plan(),
            WriteIntended(WEB, 1, 1.0),
            WriteFailed(WEB, OVERLOAD, 0.5, 1.5, 2.0),
            WriteIntended(WEB, 2, 3.0),
            WriteAccepted(WEB, Outcome.CREATED, 5, 3.5, 4.0),
            ended(WEB, at=6.0),
        ]
    ).objects[WEB]
    assert record.attempts == 2
    assert (record.intended_at, record.sent_at, record.accepted_at, record.ready_at) == (1.0, 3.5, 4.0, 6.0)
    assert record.fault == OVERLOAD


def test_health_from_before_our_write_says_nothing_about_it() -> None:
    seen = HealthSeen(WEB, CURRENT, 4, 1.0)
    accepted = WriteAccepted(WEB, Outcome.CONFIGURED, 5, 1.0, 2.0)
    assert fold([plan(), seen]).objects[WEB].status == CURRENT
    assert fold([plan(), seen, accepted]).objects[WEB].status is None
    assert fold([plan(), accepted, seen]).objects[WEB].status is None
    assert fold([plan(), HealthSeen(WEB, CURRENT, 5, 1.0), accepted]).objects[WEB].status == CURRENT


def test_what_is_said_of_objects_outside_the_plan_is_passed_over() -> None:
    ledger = fold([plan(), HealthSeen(STRANGER, CURRENT, 1, 1.0), verified(STRANGER), ended(STRANGER)])
    assert set(ledger.objects) == set(EVERYTHING)
    assert ledger.judged == 0


def test_the_phase_that_began_last_ends_first() -> None:
    ledger = fold([*phase("rebuild", 0.0, 2.0)[:1], *phase("rebuild", 1.0, 4.0), PhaseEnded("other", 9.0)])
    assert [one.seconds for one in ledger.phases] == [None, 3.0]


def test_a_stage_belongs_to_the_phase_that_lasts() -> None:
    stage = StageEnded("nodes", 1.5, 2.0)
    ledger = fold(
        [stage, *phase("install", 0.0, 1.0), *phase("provision", 1.0, 3.0)[:1], stage, *phase("plan", 2.0, 3.0)]
    )
    assert [(one.name, one.stages) for one in ledger.phases] == [("install", []), ("provision", [stage]), ("plan", [])]


REFS = st.sampled_from([*EVERYTHING, STRANGER])
TIMES = st.floats(0, 1000)
STATUSES = st.builds(Status, st.sampled_from(Health), st.just("because"))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(WriteIntended, REFS, st.integers(1, 5), TIMES),
    st.builds(WriteAccepted, REFS, st.sampled_from(Outcome), st.integers(0, 9), TIMES, TIMES),
    st.builds(WriteFailed, REFS, st.just(OVERLOAD), st.just(0.5), TIMES, TIMES),
    st.builds(HealthSeen, REFS, STATUSES, st.integers(0, 9), TIMES),
    st.builds(
        ended,
        REFS,
        st.none() | st.sampled_from(Outcome),
        ready=st.booleans(),
        reason=st.sampled_from(["", "late"]),
        because=st.none() | REFS,
        at=TIMES,
    ),
    st.builds(ObjectVerified, REFS, st.booleans(), st.booleans(), STATUSES, st.just(()), st.just(())),
    st.builds(StageEnded, st.just("nodes"), TIMES, TIMES),
    st.builds(StopAsked, st.just("enough"), TIMES),
    st.builds(TimerFired, st.just(Timer(TimerKind.RUN)), TIMES),
    st.sampled_from(run()),
)


@given(st.lists(EVENTS, max_size=40))
def test_any_stream_can_be_folded_and_reported_at_any_point(events: list[Event]) -> None:
    ledger = Ledger()
    for event in events:
        ledger.add(event)
        document(ledger)
        to_text.summary(ledger)
        assert "\n" not in to_text.last_line(ledger)


@given(st.lists(EVENTS, max_size=40))
def test_the_running_counts_are_what_a_scan_finds(events: list[Event]) -> None:
    ledger = fold([plan(), *events])
    records = ledger.objects.values()
    scanned = Counter(record.standing for record in records)
    assert {s: ledger.count(s) for s in Standing} == {s: scanned[s] for s in Standing}
    assert ledger.verified == sum(passed(record.verification) for record in records)
    assert ledger.judged == sum(record.verification is not None for record in records)


@given(st.lists(EVENTS, max_size=5))
def test_a_run_passes_only_when_all_was_accepted_and_ready_and_verified(events: list[Event]) -> None:
    *before, end = run()
    ledger = fold([*before, *events, end])
    if verdict(ledger).exit is Exit.DONE:
        assert all(r.is_accepted and r.is_ready and passed(r.verification) for r in ledger.objects.values())
    else:
        assert events
