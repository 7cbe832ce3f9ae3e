"""The judge fails a run that left something out or went too early, and takes the last ready object for the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.engine import audit, judging, order
from benchmarks.engine.audit import Log, Write
from benchmarks.engine.course import Course
from benchmarks.engine.manifests import namespace, note, work, work_definition

FIRST = ("bench.example.com", "Work", "home", "first")
SECOND = ("", "ConfigMap", "home", "second")
HOME = ("", "Namespace", "", "home")
BODIES = (
    namespace("home"),
    work("home", "first", seconds=0),
    note("home", "second", after=(("Work", "first"),)),
)
KEYS = {
    HOME: ("", "namespaces", "", "home"),
    FIRST: ("bench.example.com", "works", "home", "first"),
    SECOND: ("", "configmaps", "home", "second"),
}
COURSE = Course(
    folder=Path("nowhere"),
    places={HOME: 0, FIRST: 1, SECOND: 2},
    keys={KEYS[HOME]: 0, KEYS[FIRST]: 1, KEYS[SECOND]: 2},
    declared={},
    collections={},
)
IN_ORDER = {HOME: 10.0, FIRST: 11.0, SECOND: 13.0}


def _log(sent: dict[order.Identity, float], ready_at: float = 12.0) -> Log:
    writes = {KEYS[each]: Write(at, at + 0.5) for each, at in sent.items()}
    return Log(writes, {KEYS[FIRST]: Write(ready_at, ready_at + 0.1)}, len(sent), len(sent), {})


def test_order_is_read_from_namespaces_definitions_and_annotations() -> None:
    definition = ("apiextensions.k8s.io", "CustomResourceDefinition", "", "works.bench.example.com")
    found = {(must.dependent, must.dependency, must.until) for must in order.musts([*BODIES, work_definition()])}
    assert found == {
        (FIRST, HOME, order.Until.EXISTS),
        (FIRST, definition, order.Until.READY),
        (SECOND, HOME, order.Until.EXISTS),
        (SECOND, FIRST, order.Until.READY),
    }


def test_a_run_in_order_ends_with_its_last_ready_object_and_tells_its_hops() -> None:
    verdict = judging.judge(COURSE, order.musts(BODIES), _log(IN_ORDER), {1: 12.5})
    assert verdict.problems == ()
    assert verdict.end == 13.5
    assert verdict.hops == (0.5,)
    late = judging.judge(COURSE, order.musts(BODIES), _log(IN_ORDER), {1: 20.0})
    assert late.end == 20.0


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({HOME: 10.0, FIRST: 11.0, SECOND: 11.5}, "sent too early: ConfigMap/home/second"),
        ({HOME: 11.5, FIRST: 11.0, SECOND: 13.0}, "sent too early: bench.example.com/Work/home/first"),
        ({HOME: 10.0, FIRST: 11.0}, "never accepted: ConfigMap/home/second"),
    ],
    ids=["before it was ready", "before its namespace", "left out"],
)
def test_a_run_that_breaks_the_order_or_leaves_something_out_is_told(
    sent: dict[order.Identity, float], problem: str
) -> None:
    assert judging.judge(COURSE, order.musts(BODIES), _log(sent), {1: 12.5}).problems == (problem,)


def _event(
    agent: str, verb: str, code: int, second: int, *, subresource: str = "", number: str = ""
) -> dict[str, object]:
    reference = {"apiGroup": "bench.example.com", "resource": "works", "namespace": "home", "name": "first"}
    return {
        "auditID": number or f"{agent}-{verb}-{second}",
        "stage": "ResponseComplete",
        "verb": verb,
        "userAgent": agent,
        "objectRef": reference | ({"subresource": subresource} if subresource else {}),
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": f"2026-01-01T00:00:{second:02}.000000Z",
        "stageTimestamp": f"2026-01-01T00:00:{second:02}.500000Z",
    }


def test_the_audit_log_tells_the_tools_requests_from_those_of_others() -> None:
    events = [
        _event("tool/1", "watch", 200, 1, number="watch") | {"stage": "ResponseStarted"},
        _event("tool/1", "watch", 200, 2, number="watch"),
        _event("tool/1", "patch", 404, 3),
        _event("tool/1", "patch", 201, 4),
        _event("tool/1", "patch", 200, 5),
        _event("other/1", "patch", 200, 6, subresource="status"),
        _event("other/1", "create", 201, 7),
        _event("tool/1", "create", 201, 8) | {"objectRef": {"apiGroup": "authorization.k8s.io", "resource": "reviews"}},
    ]
    log = audit.fold(events, "tool/")
    assert (log.requests, log.written, log.refused) == (5, 3, {404: 1})
    assert log.writes[KEYS[FIRST]].accepted - log.writes[KEYS[FIRST]].sent == 0.5
    assert log.statuses[KEYS[FIRST]].sent - log.writes[KEYS[FIRST]].sent == 2.0
