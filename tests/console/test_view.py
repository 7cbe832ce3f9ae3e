"""Which view fits, what a live one leaves, and that a broken one harms nobody."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Callable, Mapping

import pytest

from rebuild.console.live import LiveView
from rebuild.console.view import Guarded, Mode, Silent, View, make_view
from rebuild.model.events import Event
from rebuild.providers.steps import Step
from tests.console import story

COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m|\x1b\[[0-9;]*9[0-9][0-9;]*m")
STEP = Step("etcd", 1, 5, 99, 200, "go.etcd.io/raft")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Full(Terminal):
    """A terminal whose other end has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError("nobody reads")


class Ascii(Terminal):
    """A terminal of a locale without Unicode."""

    encoding = "ascii"

    def write(self, text: str) -> int:
        text.encode("ascii")
        return super().write(text)


def play(
    stream: io.StringIO, mode: Mode = Mode.AUTO, *, environ: Mapping[str, str] | None = None, color: bool | None = None
) -> str:
    """Show a whole run and return what the stream got."""
    view = make_view(stream, mode=mode, color=color, environ=environ or {}, now=lambda: 0.0)
    for event in story.whole():
        view.event(event)
    view.close()
    return stream.getvalue()


@pytest.mark.parametrize(
    ("stream", "mode", "environ", "is_live"),
    [
        (Terminal(), Mode.AUTO, {"TERM": "xterm"}, True),
        (Terminal(), Mode.AUTO, {"TERM": "dumb"}, False),
        (Terminal(), Mode.TTY, {"TERM": "dumb"}, False),
        (Terminal(), Mode.PLAIN, {"TERM": "xterm"}, False),
        (io.StringIO(), Mode.AUTO, {"TERM": "xterm"}, False),
        (io.StringIO(), Mode.TTY, {"TERM": "xterm"}, True),
    ],
)
def test_a_board_is_drawn_only_where_it_can_be_redrawn(
    stream: io.StringIO, mode: Mode, environ: Mapping[str, str], is_live: bool
) -> None:
    text = play(stream, mode, environ=environ)
    assert ("\x1b[" in text) is is_live
    assert ("created    v1/Namespace/-/shop" in text) is not is_live


def test_none_shows_nothing() -> None:
    assert play(Terminal(), Mode.NONE) == ""


@pytest.mark.parametrize(
    ("environ", "color", "is_colored"),
    [
        ({}, None, True),
        ({"NO_COLOR": "1"}, None, False),
        ({"NO_COLOR": ""}, None, True),
        ({"NO_COLOR": "1"}, True, True),
        ({}, False, False),
    ],
)
def test_no_color_is_respected_unless_the_caller_knows_better(
    environ: dict[str, str], color: bool | None, is_colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # rich looks for the number of colors here, and would find none in a build's environment.
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert bool(COLOR.search(play(Terminal(), environ=environ, color=color))) is is_colored


def live(stream: io.StringIO, width: int = 80) -> LiveView:
    """A live view whose time stands still."""
    return LiveView(stream, color=False, now=lambda: 0.0, width=width)


def test_a_live_view_ends_with_the_summary_and_the_cursor_shown() -> None:
    stream = Terminal()
    view = live(stream)
    for event in story.whole():
        view.event(event)
    view.close()
    view.close()
    summary = "6 objects: 1 verified, 1 failed, 1 skipped, 3 done; apply 8.0 s, verify 0.5 s"
    last = stream.getvalue().splitlines()[-1]
    assert last.endswith(summary)
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_a_live_view_leaves_stdout_and_stderr_alone() -> None:
    before = sys.stdout, sys.stderr
    view = live(Terminal())
    view.build_step(STEP)
    during = sys.stdout, sys.stderr
    view.close()
    assert before == during


def test_a_live_view_shows_the_installation_until_the_run_begins() -> None:
    stream = Terminal()
    view = live(stream)
    view.build_step(STEP)
    assert "building etcd, 1 of 5" in stream.getvalue()
    for event in story.opening():
        view.event(event)
    installed = len(stream.getvalue())
    view.close()
    assert "sending   Namespace shop" in stream.getvalue()[installed:]
    assert "building" not in stream.getvalue()[stream.getvalue().index("sending") :]


def test_an_installation_leaves_nothing_behind_but_its_notes() -> None:
    stream = Terminal()
    view = live(stream)
    view.build_step(STEP)
    view.note("[red]installed[/red]\x1b[2J")
    view.close()
    assert "[red]installed[/red][2J\n" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")


def test_a_view_that_was_told_nothing_leaves_nothing() -> None:
    stream = Terminal()
    live(stream).close()
    assert stream.getvalue() == ""


def test_forty_columns_are_enough() -> None:
    stream = Terminal()
    view = live(stream, width=40)
    for event in story.whole():
        view.event(event)
    view.close()
    rows = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).replace("\r", "\n").splitlines()
    assert max(map(len, rows)) <= 40


def test_what_the_encoding_lacks_does_not_break_the_display() -> None:
    stream = Ascii()
    view = make_view(stream, mode=Mode.TTY, environ={}, now=lambda: 0.0)
    for event in story.whole():
        view.event(event)
    view.note("Zürich")
    view.close()
    assert "Z?rich" in stream.getvalue()
    assert "display failed" not in stream.getvalue()


class Broken(Silent):
    """A view with a bug."""

    def __init__(self) -> None:
        self.calls = 0

    def event(self, event: Event) -> None:
        self.calls += 1
        raise RuntimeError("boom \x1b[2J")


def test_a_view_that_raises_is_announced_once_and_asked_no_more() -> None:
    stream, broken = io.StringIO(), Broken()
    view = Guarded(broken, stream)
    for event in story.whole():
        view.event(event)
    view.build_step(STEP)
    view.close()
    assert stream.getvalue() == "display failed: boom [2J\n"
    assert broken.calls == 1


@pytest.mark.parametrize("mode", [Mode.PLAIN, Mode.TTY])
def test_a_stream_that_broke_harms_nobody(mode: Mode) -> None:
    stream = Full()
    view = make_view(stream, mode=mode, environ={}, now=lambda: 0.0)
    for event in story.whole():
        view.event(event)
    view.note("still here")
    view.close()


def test_an_error_in_the_thread_that_draws_reaches_the_guard_and_not_the_terminal() -> None:
    stream = Terminal()
    clock = Failing()
    view = make_view(stream, mode=Mode.TTY, environ={}, now=clock)
    view.build_step(STEP)
    clock.fails = True
    drew = clock.asked.wait(timeout=10)
    view.close()
    assert drew
    assert "display failed: no time" in stream.getvalue()
    assert "Traceback" not in stream.getvalue()


class Failing:
    """A clock that breaks, and says when somebody has looked at it since."""

    def __init__(self) -> None:
        self.fails = False
        self.asked = threading.Event()

    def __call__(self) -> float:
        if self.fails:
            self.asked.set()
            raise RuntimeError("no time")
        return 0.0


def test_every_view_has_the_whole_protocol() -> None:
    views: list[Callable[[], View]] = [Silent, lambda: live(Terminal()), lambda: Guarded(Silent(), Terminal())]
    for make in views:
        view = make()
        view.note("hello")
        view.close()
