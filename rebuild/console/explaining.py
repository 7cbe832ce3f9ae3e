"""An explanation for people: one object's times, what it waits for, how it comes to leave, and what waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rebuild.console.tables import GATES, hop_row, print_table
from rebuild.model.refs import Ref
from rebuild.model.wording import counted
from rebuild.plan.explain import Explanation, Wait

_WAITS = ("opens", "costs", "object", "until it", "behind", "because", "declared at")
_DEPENDENTS = ("object", "until this", "behind", "because", "declared at")
_NOTHING = 0.05
"""Seconds that are shown as 0.0."""
_WAY = ("at", "object", "takes", "waits because")


def print_explanation(stream: TextIO, found: Explanation, *, width: int | None = None) -> None:
    """Print it to a stream, as wide as the terminal."""
    for line in _head(found):
        print_table(stream, (), (), title=line, width=width)
    if found.waits:
        title = f"waits for {_folded(len(found.waits), found.waits_in_all)}"
        _section(stream, title, _WAITS, map(_wait, found.waits), width)
    if len(found.path) > 1:
        _section(stream, "how it comes to leave then", _WAY, map(hop_row, found.path), width)
    if found.dependents:
        title = f"waited for by {_folded(len(found.dependents), found.dependents_in_all)}"
        _section(stream, title, _DEPENDENTS, map(_dependent, found.dependents), width)


def _head(found: Explanation) -> Iterator[str]:
    yield f"{found.ref} ({found.origin})" if found.origin else f"{found.ref} (declared nowhere)"
    kind = "measured" if found.measured else "expected, not measured"
    if found.begins is None:
        yield "it is not sent" if found.origin else "somebody else makes it"
        return
    ready = "is not seen ready" if found.ends is None else f"is ready at {found.ends:.1f} s"
    yield f"leaves at {found.begins:.1f} s and {ready} ({kind})"
    if found.place:
        yield f"on the critical path: {found.place} of {found.length}"
    elif found.slack is not None and found.slack < _NOTHING:
        yield "beside the critical path, with nothing to spare"
    elif found.slack is not None:
        yield f"not on the critical path: {found.slack:.1f} s later would change nothing"


def _folded(direct: int, in_all: int) -> str:
    return counted(direct, "object") if direct == in_all else f"{counted(direct, 'object')}, {in_all} with those behind"


def _section(
    stream: TextIO, title: str, headers: tuple[str, ...], rows: Iterator[tuple[str, ...]], width: int | None
) -> None:
    stream.write("\n")
    print_table(stream, headers, rows, title=title, width=width)


def _wait(wait: Wait) -> tuple[str, ...]:
    return _seconds(wait.opens), _seconds(wait.costs), *_end(wait, wait.edge.dependency)


def _dependent(wait: Wait) -> tuple[str, ...]:
    return _end(wait, wait.edge.dependent)


def _end(wait: Wait, other: Ref) -> tuple[str, ...]:
    until = f"{GATES[wait.edge.gate]} ({wait.edge.strength})"
    return str(other), until, str(wait.behind or ""), wait.edge.why, str(wait.origin or "-")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
