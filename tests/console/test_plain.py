"""One line per change, and a sign of life after silence."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rebuild.console.plain import PlainView
from rebuild.model.events import Event, ObjectVerified, PhaseBegan, RunEnded, RunStarted, SourceRead, WriteIntended
from rebuild.model.facts import HealthSeen, StopAsked, Timer, TimerFired, TimerKind, TroubleSeen, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.providers.steps import Step
from tests.console import story


def shown(events: Iterable[Event]) -> list[str]:
    """The lines that a view writes for events."""
    stream = io.StringIO()
    view = PlainView(stream, now=lambda: 0.0)
    for event in events:
        view.event(event)
    view.close()
    return stream.getvalue().splitlines()


def test_a_run_is_told_change_by_change() -> None:
    assert shown(story.whole()) == [
        "    0.0s  run        drill r-1",
        "    0.0s  source     https://example.com/shop.git main deploy at 0123456789ab",
        "    0.0s  target     kwok v1.37.2 at https://127.0.0.1:6443 (kwok, uid uid-1)",
        "    0.5s  planned    6 objects, 3 edges, 0 findings, 1 limit",
        "    1.0s  phase      apply",
        "    1.5s  created    v1/Namespace/-/shop",
        "    2.5s  created    apiregistration.k8s.io/v1/APIService/-/v1.example.com",
        "    2.6s  created    apps/v1/Deployment/shop/web",
        "    3.0s  failed     example.com/v1/Widget/shop/blue because spec.colour: no such field",
        "    3.0s  skipped    example.com/v1/Gadget/shop/red because example.com/v1/Widget/shop/blue",
        "    9.0s  ready      apps/v1/Deployment/shop/web",
        "    9.0s  phase      apply took 8.0 s: 3 created, 1 unchanged, 1 skipped, 1 failed",
        "    9.0s  phase      verify",
        '    9.0s  differs    v1/ConfigMap/shop/settings data.mode: declared "a", live "b"',
        "    9.0s  unhealthy  apps/v1/Deployment/shop/web InProgress: 0 of 3 replicas are available",
        "    9.0s  missing    example.com/v1/Widget/shop/blue",
        "    9.0s  missing    example.com/v1/Gadget/shop/red",
        "    9.5s  phase      verify took 0.5 s",
        "    9.5s  ended      all objects ended",
    ]


def test_an_accepted_object_that_never_gets_ready_is_told_with_its_reason() -> None:
    late = story.ended(story.WEB, Outcome.CREATED, 99.0, reason="not ready within 60 s")
    events: list[Event] = [story.planned(story.WEB), story.accepted(story.WEB, 98.0), late]
    assert shown(events)[-1] == "   99.0s  not ready  apps/v1/Deployment/shop/web because not ready within 60 s"


def test_an_object_that_could_not_be_read_is_not_called_missing() -> None:
    unread = Status(Health.UNKNOWN, "could not be read: forbidden")
    events: list[Event] = [story.planned(story.WEB), ObjectVerified(story.WEB, False, False, unread, (), ())]
    assert shown(events)[-1] == "    0.5s  unverified apps/v1/Deployment/shop/web could not be read: forbidden"


def test_a_stop_and_an_incomplete_end_are_told() -> None:
    lines = shown([StopAsked("interrupted by SIGINT", 4.0), RunEnded(False, "interrupted by SIGINT", 5.0)])
    assert lines == ["    4.0s  stopping   interrupted by SIGINT", "    5.0s  incomplete interrupted by SIGINT"]


def test_a_plain_directory_is_named_as_no_commit() -> None:
    source = SourceRead("/srv/shop", "", "", "", "")
    assert shown([source]) == ["    0.0s  source     /srv/shop (not a commit)"]


def test_what_was_ready_and_is_waited_for_again_is_named() -> None:
    ended = story.ended(story.WEB, Outcome.CREATED, 3.0)
    events: list[Event] = [story.planned(story.WEB), story.accepted(story.WEB, 1.0), ended]
    relapsed = [HealthSeen(story.WEB, story.PROGRESSING, 9, at) for at in (20.0, 60.0)]
    recovered = [HealthSeen(story.WEB, Status(Health.CURRENT), 10, at) for at in (70.0, 95.0)]
    assert shown([*events, *relapsed, *recovered])[2:] == [
        "   60.0s  waiting    for apps/v1/Deployment/shop/web (0 of 3 replicas are available)",
        "   95.0s  waiting    for the cluster",
    ]


def test_a_sign_of_life_comes_with_the_first_event_after_thirty_silent_seconds() -> None:
    waiting: list[Event] = [story.planned(story.WEB), story.accepted(story.WEB, 1.0)]
    seen = [HealthSeen(story.WEB, story.PROGRESSING, 8, at) for at in (2.0, 30.9, 31.0, 45.0)]
    assert shown([*waiting, *seen])[2:] == [
        "   31.0s  waiting    for apps/v1/Deployment/shop/web (0 of 3 replicas are available)"
    ]


def test_a_sign_of_life_names_the_fault_of_what_is_tried_again() -> None:
    refused = WriteFailed(story.WEB, Fault(Cause.OVERLOAD, 429, "too many requests"), 0.5, 39.0, 40.0)
    events: list[Event] = [story.planned(story.WEB), WriteIntended(story.WEB, 1, 1.0), refused]
    assert shown(events)[1:] == ["   40.0s  waiting    for apps/v1/Deployment/shop/web (too many requests)"]


def test_a_sign_of_life_names_few_objects_and_counts_the_rest() -> None:
    refs = [Ref.of("v1", "ConfigMap", "shop", f"c{n}") for n in range(9)]
    intents = [WriteIntended(ref, 1, 1.0) for ref in refs]
    tick = TimerFired(Timer(TimerKind.RUN), 50.0)
    (line,) = shown([story.planned(*refs), *intents, tick])[1:]
    assert line.endswith("for v1/ConfigMap/shop/c0, v1/ConfigMap/shop/c1, v1/ConfigMap/shop/c2 and 6 more")


def test_hostile_names_and_messages_stay_on_their_line() -> None:
    hostile = Ref.of("v1", "ConfigMap", "shop", "[red]x[/red]\x1b[2J\r\u202e")
    reason = "no\n    9.9s  ready      everything\x1b]52;c;AA\x07"
    lines = shown([story.planned(hostile), story.ended(hostile, Outcome.FAILED, 2.0, reason=reason)])
    assert lines[1:] == [
        "    2.0s  failed     v1/ConfigMap/shop/[red]x[%2Fred][2J  because no     9.9s  ready      everything]52;c;AA"
    ]


def test_a_trouble_of_pods_is_told_once_and_one_that_every_pod_has_is_not() -> None:
    def seen(trouble: Trouble | None, at: float) -> TroubleSeen:
        return TroubleSeen(story.WEB, trouble, at)

    pulling = Trouble(TroubleKind.IMAGE, "Pod web-1: ErrImagePull", "web:1")
    events: list[Event] = [
        story.planned(story.WEB),
        story.accepted(story.WEB, 1.0),
        seen(Trouble(TroubleKind.STARTING, "Pod web-1: has not started"), 1.5),
        seen(pulling, 2.0),
        seen(Trouble(TroubleKind.IMAGE, "Pod web-1: ImagePullBackOff", "web:1"), 3.0),
        seen(None, 4.0),
        seen(pulling, 5.0),
        seen(Trouble(TroubleKind.CRASH, "Pod web-1: exit code 1\x1b[2J"), 6.0),
        TimerFired(Timer(TimerKind.RUN), 90.0),
    ]
    assert shown(events)[2:] == [
        "    2.0s  trouble    apps/v1/Deployment/shop/web Pod web-1: ErrImagePull",
        "    6.0s  trouble    apps/v1/Deployment/shop/web Pod web-1: exit code 1[2J",
        "   90.0s  waiting    for apps/v1/Deployment/shop/web (Pod web-1: exit code 1[2J)",
    ]


def test_a_very_long_message_is_cut() -> None:
    (_, line) = shown([story.planned(story.WEB), story.ended(story.WEB, Outcome.FAILED, 2.0, reason="x" * 100_000)])
    assert len(line) < 600
    assert line.endswith("x...")


def test_events_of_objects_outside_the_plan_say_nothing_and_do_no_harm() -> None:
    stranger = Ref.of("v1", "ServiceAccount", "shop", "default")
    events: list[Event] = [
        RunStarted("r-1", "apply", "0.1.0", "2030-01-01T00:00:00Z"),
        PhaseBegan("apply", True, 0.0),
        HealthSeen(stranger, Status(Health.CURRENT), 3, 1.0),
        ObjectVerified(stranger, True, True, story.CURRENT, (), ()),
    ]
    assert len(shown(events)) == 2


def test_an_installation_has_a_line_per_program_and_one_every_thirty_seconds() -> None:
    stream = io.StringIO()
    times = iter([0.0, 0.0, 10.0, 29.9, 30.0, 59.0, 61.0])
    view = PlainView(stream, now=lambda: next(times))
    for step in (
        Step("", 0, 5, activity="waiting for another installation to end"),
        Step("etcd", 1, 5, activity="looking for Go"),
        Step("etcd", 1, 5, 3, 200, "go.etcd.io/bbolt"),
        Step("etcd", 1, 5, 90, 200, "google.golang.org/grpc"),
        Step("etcd", 1, 5, 99, 200, "go.etcd.io/raft"),
        Step("etcd", 1, 5, 150, 200, "go.etcd.io/etcd"),
        Step("kubectl", 2, 5),
    ):
        view.build_step(step)
    assert stream.getvalue().splitlines() == [
        "waiting for another installation to end",
        "building etcd (1 of 5)",
        "building etcd (1 of 5): 99 of 200 packages, go.etcd.io/raft",
        "building kubectl (2 of 5)",
    ]
