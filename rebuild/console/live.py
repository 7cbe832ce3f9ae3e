"""Draws the board on a terminal, at most ten times a second.

The run's thread must not pay for drawing, so it only puts events into a queue. rich's refresh thread takes them
out, folds them and draws: the board is touched by that thread alone, under the lock of the live display, until
the display has stopped. Whatever goes wrong in that thread is raised to the caller at its next call, where a
guard can catch it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TextIO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from rebuild.console.board import Board
from rebuild.console.progress import installing
from rebuild.console.safe import clean
from rebuild.model.events import Event, RunStarted
from rebuild.model.facts import RunResumed
from rebuild.providers.steps import Step

PICTURES_PER_SECOND = 10.0


class LiveView:
    """A board that is redrawn in place, and a short static summary when it goes."""

    def __init__(self, stream: TextIO, *, color: bool, now: Callable[[], float], width: int | None = None) -> None:
        self._now = now
        self._stream = _Sturdy(stream)
        self._console = Console(
            file=cast("TextIO", self._stream),
            force_terminal=True,
            no_color=not color,
            highlight=False,
            markup=False,
            emoji=False,
            width=width,
        )
        self._board = Board()
        self._events: deque[Event] = deque()
        self._step: Step | None = None
        self._began = now()
        self._failure: Exception | None = None
        self._live: Live | None = None

    def event(self, event: Event) -> None:
        """Queue the event for the next picture."""
        if isinstance(event, RunStarted | RunResumed):
            self._began = self._now() - (event.at if isinstance(event, RunResumed) else 0.0)
        self._step = None
        self._events.append(event)
        self._show()

    def recall(self, events: Iterable[Event]) -> None:
        """Fold these before the next picture."""
        self._events.extend(events)

    def build_step(self, step: Step) -> None:
        """Show this step in the next picture."""
        if self._step is None:
            self._began = self._now()
        self._step = step
        self._show()

    def note(self, text: str) -> None:
        """Print the text above the board, where it stays."""
        self._console.print(Text(clean(text)))
        self._raise_failure()

    def pause(self) -> None:
        """Take the board away; the next event brings it back."""
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def close(self) -> None:
        """Take the board away and leave the summary."""
        if self._live is None:
            return
        self.pause()
        farewell = self._board.farewell()
        if farewell:
            self._console.print(farewell)
        self._raise_failure()

    def _show(self) -> None:
        if self._live is None:
            # stdout belongs to the data, and rich must not route it through the board.
            self._live = Live(
                console=self._console,
                get_renderable=self._picture,
                refresh_per_second=PICTURES_PER_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
        self._raise_failure()

    def _picture(self) -> RenderableType:
        try:
            while self._events:
                self._board.add(self._events.popleft())
            # Read once: the run's thread ends the installation whenever its first event comes.
            step, elapsed = self._step, self._now() - self._began
            return installing(step, elapsed) if step else self._board.picture(elapsed)
        except Exception as error:  # noqa: BLE001  this is rich's thread: nobody could catch it there
            self._failure = self._failure or error
            return ""

    def _raise_failure(self) -> None:
        failure = self._failure or self._stream.failure
        if failure:
            raise failure


class _Sturdy:
    """A stream that remembers its first failure instead of raising it.

    In the refresh thread an exception would end in a traceback across the terminal, and rich answers a broken pipe
    with SystemExit, which would end the run. What the stream's encoding lacks is written as a question mark.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding: str = getattr(stream, "encoding", None) or "utf-8"
        self.failure: Exception | None = None

    def write(self, text: str) -> int:
        """Write as much as can be written."""
        if self.failure is None:
            try:
                self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
            except Exception as error:  # noqa: BLE001  see the class
                self.failure = error
        return len(text)

    def flush(self) -> None:
        """Flush, unless it is broken."""
        if self.failure is None:
            try:
                self._stream.flush()
            except Exception as error:  # noqa: BLE001  see the class
                self.failure = error

    def isatty(self) -> bool:
        """A live view is only made where there is a terminal, or where one is asked for."""
        return True
