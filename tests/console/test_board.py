"""The picture of a moment."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from rich.console import Console, RenderableType

from rebuild.console.board import FAILURES, ROWS, Board
from rebuild.console.progress import installing
from rebuild.model.edges import Gate
from rebuild.model.events import Event, ObjectVerified, PhaseBegan, PhaseEnded, RunStarted, WriteIntended
from rebuild.model.facts import HealthSeen, StopAsked, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.groups import group
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome, Status
from rebuild.providers.steps import Step
from tests.console import story


def drawn(picture: RenderableType, width: int = 80) -> list[str]:
    """The rows of a picture on a terminal of this width, without colors."""
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=True, color_system=None).print(picture)
    return [row.rstrip() for row in stream.getvalue().splitlines()]


def board(events: Iterable[Event]) -> Board:
    """A board that was told these events."""
    result = Board()
    for event in events:
        result.add(event)
    return result


def test_it_says_what_runs_and_what_waits_for_it() -> None:
    rows = drawn(board(story.opening()).picture(1.4))
    assert rows[0] == "drill  1.4 s  apply  on kwok v1.37.2"
    assert rows[1].endswith(" 0 of 6")
    assert rows[2:] == [
        "1 in-flight  5 waiting",
        "sending   Namespace shop  0.4 s",
        "          ConfigMap shop/settings and 1 more wait for it (lives in it)",
    ]


def test_it_says_what_settles_and_what_failed() -> None:
    rows = drawn(board([*story.opening(), *story.middle()]).picture(4.0))
    assert rows[2:] == [
        "1 failed  1 skipped  3 done  1 settling",
        "settling  Deployment shop/web  2.0 s  0 of 3 replicas are available",
        "failed    Widget shop/blue  spec.colour: no such field",
    ]


def test_an_accepted_object_still_holds_what_waits_for_its_health() -> None:
    edges = (story.edge(story.WEB, story.WIDGET, Gate.READY, "depends-on"), story.edge(story.CONFIG, story.WIDGET))
    events: list[Event] = [
        story.planned(story.WEB, story.WIDGET, story.CONFIG, edges=edges),
        WriteIntended(story.WIDGET, 1, 1.0),
        story.accepted(story.WIDGET, 1.2),
    ]
    assert drawn(board(events).picture(2.0))[-1] == "          Deployment shop/web waits for it (depends-on)"


def test_what_is_tried_again_shows_its_last_fault() -> None:
    refused = WriteFailed(story.WEB, Fault(Cause.OVERLOAD, 429, "too many requests"), 0.5, 1.0, 1.5)
    events: list[Event] = [story.planned(story.WEB), WriteIntended(story.WEB, 1, 1.0), refused]
    assert drawn(board(events).picture(2.0))[-1] == "retrying  Deployment shop/web  1.0 s  too many requests"


def test_an_object_that_others_make_is_named_when_only_that_is_left_to_wait_for() -> None:
    account = Ref.of("v1", "ServiceAccount", "shop", "default")
    pod = Ref.of("v1", "Pod", "shop", "one")
    events: list[Event] = [story.planned(pod, edges=(story.edge(pod, account, why="runs as it"),))]
    assert drawn(board(events).picture(1.0))[-2:] == [
        "expecting ServiceAccount shop/default",
        "          Pod shop/one waits for it (runs as it)",
    ]
    events.append(HealthSeen(account, Status(Health.CURRENT), 3, 1.0))
    assert "expecting" not in "\n".join(drawn(board(events).picture(1.0)))


def test_a_group_is_nothing_to_expect() -> None:
    wave = group("wave")
    plan = story.planned(story.WEB, edges=(story.edge(story.WEB, wave), story.edge(wave, story.WEB)))
    assert "expecting" not in "\n".join(drawn(board([plan]).picture(1.0)))


def test_rows_are_bounded_and_the_rest_is_counted() -> None:
    refs = [Ref.of("v1", "ConfigMap", "shop", f"c{n}") for n in range(50)]
    begun: list[Event] = [WriteIntended(ref, 1, 1.0) for ref in refs]
    rows = drawn(board([story.planned(*refs), *begun]).picture(2.0))
    assert sum(row.startswith("sending") for row in rows) == ROWS
    assert rows[-1] == f"          and {50 - ROWS} more under way"
    failed = [story.ended(ref, Outcome.FAILED, 2.0, reason="no") for ref in refs]
    rows = drawn(board([story.planned(*refs), *begun, *failed]).picture(2.0))
    assert [row for row in rows if row.startswith("failed")] == [
        f"failed    ConfigMap shop/c{n}  no" for n in range(50 - FAILURES, 50)
    ]


def test_a_stop_shows_at_once() -> None:
    told = board([*story.opening(), StopAsked("interrupted by SIGINT", 2.0)])
    assert drawn(told.picture(2.0))[0].startswith("drill  2.0 s  stopping: interrupted by SIGINT")


def test_time_stands_still_after_the_end() -> None:
    assert drawn(board(story.whole()).picture(500.0))[0].startswith("drill  9.5 s")


def test_it_leaves_one_line_with_the_fates_and_the_phases() -> None:
    farewell = board(story.whole()).farewell()
    assert farewell is not None
    assert farewell.plain == "6 objects: 1 verified, 1 failed, 1 skipped, 3 done; apply 8.0 s, verify 0.5 s"


def test_a_verification_alone_has_nothing_waiting() -> None:
    started = RunStarted("r-1", "verify", "0.1.0", "2030-01-01T00:00:00Z")
    found = ObjectVerified(story.WEB, True, True, story.CURRENT, (), ())
    phase = (PhaseBegan("verify", False, 0.0), PhaseEnded("verify", 1.0))
    farewell = board([started, story.planned(story.WEB), phase[0], found, phase[1]]).farewell()
    assert farewell is not None
    assert farewell.plain == "1 object: 1 verified; verify 1.0 s"


def test_before_the_plan_there_is_little_to_say_and_nothing_to_leave() -> None:
    assert drawn(board([]).picture(0.0)) == ["  0.0 s"]
    assert board([]).farewell() is None


@pytest.mark.parametrize("moment", [story.opening, story.whole])
def test_no_row_is_wider_than_a_narrow_terminal_and_none_wraps(moment: object) -> None:
    events = list(story.whole() if moment is story.whole else story.opening())
    wide = drawn(board(events).picture(3.0), width=200)
    narrow = drawn(board(events).picture(3.0), width=40)
    assert len(narrow) == len(wide)
    assert max(map(len, narrow)) <= 40
    assert narrow[1].endswith(" of 6")


def test_hostile_names_and_messages_are_shown_as_they_are_without_effect() -> None:
    hostile = Ref.of("v1", "ConfigMap", "[bold]shop[/bold]", "x\x1b[2J\r\u202ey")
    refusal = "[red]no[/red]\n\x1b]52;c;AA\x07"
    stream = io.StringIO()
    told = board([story.planned(hostile), story.ended(hostile, Outcome.FAILED, 2.0, reason=refusal)])
    Console(file=stream, width=80, force_terminal=True, color_system=None).print(told.picture(2.0))
    assert "failed    ConfigMap [bold]shop[/bold]/x[2J y  [red]no[/red] ]52;c;AA" in stream.getvalue()
    assert not {"\x1b[2J", "\r", "\u202e", "\x07"} & set(stream.getvalue())
    assert "\x1b]" not in stream.getvalue()


def test_an_installation_shows_the_program_its_packages_and_the_activity() -> None:
    rows = drawn(installing(Step("etcd", 1, 5, 99, 200, "go.etcd.io/raft"), 61.0), width=40)
    assert rows[0] == "building etcd, 1 of 5  61 s"
    assert rows[1].endswith(" 99 of 200 packages")
    assert rows[2:] == ["go.etcd.io/raft"]


def test_an_installation_without_known_packages_has_no_bar() -> None:
    rows = drawn(installing(Step("etcd", 1, 5, activity="looking for Go"), 1.0))
    assert rows == ["building etcd, 1 of 5  1 s", "looking for Go"]
