"""What shows a run to people, and which of the ways to do so fits the stream.

A view only looks. It decides nothing, it never touches stdout (that is for data), and when it breaks the run does
not care: `Guarded` sees to that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Protocol, TextIO

from rebuild.console.plain import PlainView
from rebuild.console.safe import clean
from rebuild.model.events import Event
from rebuild.providers.steps import Step
from rebuild.system import clock


class Mode(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    """A live board on a terminal that can move its cursor, plain lines elsewhere."""
    TTY = "tty"
    PLAIN = "plain"
    NONE = "none"


class View(Protocol):
    """Is told what happens, in order, from one thread at a time."""

    def event(self, event: Event) -> None:
        """Something happened in the run."""

    def recall(self, events: Iterable[Event]) -> None:
        """This happened in the run before; it is to be known, and not to be shown again."""

    def build_step(self, step: Step) -> None:
        """The installation of the lab's programs went on."""

    def note(self, text: str) -> None:
        """Say something that is no event, on one line: a hint, or where the report went."""

    def pause(self) -> None:
        """Leave the terminal to a question; the next event goes on."""

    def close(self) -> None:
        """Nothing more will come; the terminal is left as it was found. May be called more than once."""


def make_view(
    stream: TextIO,
    *,
    mode: Mode = Mode.AUTO,
    color: bool | None = None,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], float] = clock.monotonic,
) -> View:
    """The view that fits a stream, guarded.

    Args:
        stream: Where to show; stderr in the commands.
        mode: `TTY` gives way to plain lines where `TERM=dumb` says that the cursor cannot move.
        color: None leaves it to `NO_COLOR` (https://no-color.org: set and not empty means none).
        environ: Where `NO_COLOR` and `TERM` are looked up.
        now: A monotonic clock, in seconds.
    """
    if mode is Mode.NONE:
        return Silent()
    dumb = environ.get("TERM", "") in ("dumb", "unknown")
    if dumb or mode is Mode.PLAIN or (mode is Mode.AUTO and not stream.isatty()):
        return Guarded(PlainView(stream, now=now), stream)
    # Importing rich's live display takes longer than some whole commands that show nothing live.
    from rebuild.console.live import LiveView

    colored = not environ.get("NO_COLOR") if color is None else color
    return Guarded(LiveView(stream, color=colored, now=now), stream)


class Silent:
    """Shows nothing."""

    def event(self, event: Event) -> None:
        """Not shown."""

    def recall(self, events: Iterable[Event]) -> None:
        """Not shown."""

    def build_step(self, step: Step) -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        """Not shown."""

    def pause(self) -> None:
        """There is nothing in the way."""

    def close(self) -> None:
        """There is nothing to leave."""


class Guarded:
    """A view whose first exception costs one line on stderr and the display, never the run."""

    def __init__(self, inner: View, stream: TextIO) -> None:
        self._inner: View = inner
        self._stream = stream

    def event(self, event: Event) -> None:
        """As the inner view, as long as it works."""
        self._try(lambda: self._inner.event(event))

    def recall(self, events: Iterable[Event]) -> None:
        """As the inner view, as long as it works."""
        self._try(lambda: self._inner.recall(events))

    def build_step(self, step: Step) -> None:
        """As the inner view, as long as it works."""
        self._try(lambda: self._inner.build_step(step))

    def note(self, text: str) -> None:
        """As the inner view, as long as it works."""
        self._try(lambda: self._inner.note(text))

    def pause(self) -> None:
        """As the inner view, as long as it works."""
        self._try(self._inner.pause)

    def close(self) -> None:
        """As the inner view, as long as it works."""
        self._try(self._inner.close)

    def _try(self, show: Callable[[], None]) -> None:
        try:
            show()
        except Exception as error:  # noqa: BLE001  a display must not end a run, whatever went wrong in it
            broken, self._inner = self._inner, Silent()
            # The stream itself may be what broke, so each of these is tried for what it is worth.
            with suppress(Exception):
                broken.close()
            with suppress(Exception):
                self._stream.write(f"display failed: {clean(str(error)) or type(error).__name__}\n")
                self._stream.flush()
