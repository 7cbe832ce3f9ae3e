"""A field that the kind does not have: server-side apply answers 500, "field not declared in schema"."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from rebuild.lint.problems import Problem, Refusal, Subject
from rebuild.lint.walk import Departure, Kind
from rebuild.verify import paths


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each field. Another release of Kubernetes may know the field of a built-in kind."""
    refusal = Refusal.CERTAIN if subject.custom else Refusal.BY_RELEASE
    for found in subject.departures:
        if found.kind is Kind.UNKNOWN:
            message = f"{paths.render(found.path)} is not a field of {subject.what}"
            yield Problem("unknown-field", message, next_step=_step(found), refusal=refusal)


def _step(found: Departure) -> str:
    name = str(found.path[-1])
    by_case = {known.lower(): known for known in found.known}
    close = [by_case[name.lower()]] if name.lower() in by_case else get_close_matches(name[:64], found.known, n=1)
    return f"did you mean {close[0]}?" if close else "take it out, or move it to where it belongs"
