"""What is seen ends the wait of those that it lets pass, and of nobody else."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rebuild.engine import sights
from rebuild.engine.commands import Apply, Notice, StartTimer
from rebuild.engine.sights import Sight
from rebuild.model.facts import HealthSeen, StopAsked, Timer, TimerFired, TimerKind, WriteAccepted, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.plan.steps import Action, Plan, Step
from tests.engine.support import Run

RBAC = "rbac.authorization.k8s.io"
POD = Ref("", "Pod", "shop", "web")
WIDGET = Ref("example.com", "Widget", "shop", "one")
BINDING = Ref(RBAC, "RoleBinding", "shop", "may")
WIDGETS = Kind("example.com", "Widget", "widgets", namespaced=True, versions=("v1",))
NAMESPACE = Ref("", "Namespace", "", "shop")
DEAD = 'failed calling webhook "x": Post "https://hook.tools.svc:443/validate?timeout=10s": no endpoints available'


def manifest(ref: Ref, body: Body | None = None) -> Manifest:
    return Manifest(ref, body or {}, Origin("all.yaml", 1))


def run_of(*refs: Ref, tails: tuple[float, ...] = ()) -> Run:
    waits = tails or (0.0,) * len(refs)
    steps = {ref: Step(manifest(ref), Action.CREATE, tail=tail) for ref, tail in zip(refs, waits, strict=True)}
    return Run(Plan(steps, (), frozenset(), Kinds([WIDGETS])))


def failed(ref: Ref, cause: Cause, message: str = "", at: float = 0.0) -> WriteFailed:
    return WriteFailed(ref, Fault(cause, 0, message or str(cause)), 0.0, at, at)


def seen(ref: Ref, health: Health = Health.CURRENT, at: float = 0.0) -> HealthSeen:
    return HealthSeen(ref, Status(health), 1, at)


AWAITED = [
    (POD, {}, Cause.NAMESPACE_MISSING, "", [Sight("", "Namespace", "", "shop")]),
    (POD, {}, Cause.NAMESPACE_TERMINATING, "", [Sight("", "Namespace", "", "shop")]),
    (POD, {}, Cause.SERVICE_ACCOUNT_MISSING, "", [Sight("", "ServiceAccount", "shop", "default")]),
    (
        POD,
        {"spec": {"serviceAccountName": "web"}},
        Cause.SERVICE_ACCOUNT_MISSING,
        "",
        [Sight("", "ServiceAccount", "shop", "web")],
    ),
    (POD, {}, Cause.QUOTA, "", [Sight("", "ResourceQuota", "shop")]),
    (POD, {}, Cause.PORT_ALLOCATED, "", [Sight("", "Service")]),
    (
        BINDING,
        {"roleRef": {"kind": "Role", "name": "reader"}},
        Cause.ROLE_MISSING,
        "",
        [Sight(RBAC, "Role", "shop", "reader")],
    ),
    (
        BINDING,
        {"roleRef": {"kind": "ClusterRole", "name": "reader"}},
        Cause.ROLE_MISSING,
        "",
        [Sight(RBAC, "ClusterRole", "", "reader")],
    ),
    (
        WIDGET,
        {},
        Cause.NOT_SERVED,
        "",
        [
            Sight("apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.example.com"),
            Sight("apiregistration.k8s.io", "APIService", "", "v1.example.com"),
        ],
    ),
    (
        POD,
        {},
        Cause.WEBHOOK,
        DEAD,
        [
            Sight("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
            Sight("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
            Sight("discovery.k8s.io", "EndpointSlice", "tools"),
        ],
    ),
    (POD, {}, Cause.OVERLOAD, "", []),
    (POD, {}, Cause.CONFLICT, "", []),
]


@pytest.mark.parametrize(("ref", "body", "cause", "message", "expected"), AWAITED)
def test_each_cause_looks_out_for_what_ends_it(
    ref: Ref, body: Body, cause: Cause, message: str, expected: list[Sight]
) -> None:
    kind = WIDGETS if ref is WIDGET else None
    found = sights.awaited(manifest(ref, body), Fault(cause, 0, message), kind)
    assert [sight for sight, _ in found] == expected


def test_an_object_belongs_to_its_own_sight_and_to_all_wider_ones() -> None:
    assert set(sights.of(POD)) == {
        Sight("", "Pod", "shop", "web"),
        Sight("", "Pod", "shop"),
        Sight("", "Pod", "", "web"),
        Sight("", "Pod"),
    }


def test_the_event_that_resolves_a_failure_ends_its_pause_at_once() -> None:
    run = run_of(POD)
    commands = run.feed(failed(POD, Cause.NAMESPACE_MISSING))
    assert commands[0] == Notice(Sight("", "Namespace", "", "shop"))
    assert run.feed(seen(NAMESPACE, Health.TERMINATING)) == []
    assert run.feed(seen(Ref("", "Namespace", "", "other"))) == []
    assert run.feed(seen(NAMESPACE)) == [Apply(POD, 2)]


def test_an_answer_that_tells_a_health_resolves_a_failure_as_a_watch_does() -> None:
    quota = Ref("", "ResourceQuota", "shop", "q")
    run = run_of(POD, quota)
    run.feed(failed(POD, Cause.QUOTA, at=10.0))
    told = WriteAccepted(quota, Outcome.CREATED, 1, 11.0, 11.5, Status(Health.CURRENT))
    assert run.feed(told) == [Apply(POD, 2)]


def test_the_timer_of_a_pause_that_was_ended_early_means_nothing() -> None:
    run = run_of(POD)
    run.feed(failed(POD, Cause.NAMESPACE_MISSING))
    run.feed(seen(NAMESPACE))
    run.feed(failed(POD, Cause.NAMESPACE_MISSING))
    assert run.feed(TimerFired(Timer(TimerKind.RETRY, POD, 1), 0.05)) == []
    assert run.feed(TimerFired(Timer(TimerKind.RETRY, POD, 2), 0.1)) == [Apply(POD, 3)]


def test_what_is_seen_must_not_be_what_was_missed_and_so_is_not_tried_too_soon() -> None:
    run = run_of(POD)
    run.feed(failed(POD, Cause.QUOTA, at=10.0))
    quota = Ref("", "ResourceQuota", "shop", "q")
    wake = Timer(TimerKind.WAKE, POD, 1)
    assert run.feed(seen(quota, at=10.25)) == [StartTimer(wake, 0.75)]
    assert run.feed(seen(quota, at=10.5)) == []
    assert run.feed(TimerFired(wake, 11.0)) == [Apply(POD, 2)]


def test_many_that_wait_for_the_same_ask_for_it_once_and_leave_by_their_tails() -> None:
    other = replace(POD, name="api")
    run = run_of(POD, other, tails=(1.0, 9.0))
    first = run.feed(failed(POD, Cause.NAMESPACE_MISSING))
    second = run.feed(failed(other, Cause.NAMESPACE_MISSING))
    assert [isinstance(each, Notice) for each in (*first, *second)].count(True) == 1
    assert run.feed(seen(NAMESPACE)) == [Apply(other, 2), Apply(POD, 2)]


def test_after_a_stop_nothing_is_looked_for_and_nobody_is_woken() -> None:
    run = run_of(POD, WIDGET)
    run.feed(failed(POD, Cause.NAMESPACE_MISSING))
    run.feed(StopAsked("enough", 0.0))
    assert run.feed(seen(NAMESPACE)) == []
