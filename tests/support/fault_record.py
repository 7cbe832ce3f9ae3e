"""Notes how each test of a fault ended, for docs/reliability.md: a pytest plugin.

The marker is `fault(ID, TITLE)`. A test may stand for several faults. What a test of an earlier run has left in the
file stays there until the test is run again, so a page can be made of several runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "REBUILD_FIGURES"
"""Names the directory that figures are written to; none are where it is not set."""
FILE = "faults.json"
_PROPERTY = "fault"


def note_marks(items: Iterable[pytest.Item]) -> None:
    """Let the reports of marked tests tell what they are marked with, also those of another worker."""
    for item in items:
        item.user_properties += [(_PROPERTY, list(marker.args)) for marker in item.iter_markers("fault")]


class FaultRecord:
    """The outcomes of one session, by fault and test."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._found: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has passed unless a part of it has not; its time is that of its own call, without its fixtures."""
        # A worker appends the group of a test that has one.
        test = report.nodeid.partition("@")[0]
        marks: list[Any] = [value for name, value in report.user_properties if name == _PROPERTY]
        for fault, title in marks:
            row = self._found.setdefault(
                f"{fault} {test}", {"id": fault, "title": title, "test": test, "outcome": "passed", "seconds": 0.0}
            )
            if report.when == "call":
                row["seconds"] = round(report.duration, 1)
            if report.outcome != "passed":
                row["outcome"] = report.outcome
            if report.when == "teardown":
                self._write()

    def _write(self) -> None:
        """Put what was found beside what is known of other tests; after each test, for a session may be cut short."""
        known = json.loads(self._path.read_text()) if self._path.exists() else []
        rows = {f"{row['id']} {row['test']}": row for row in known} | self._found
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps([rows[key] for key in sorted(rows)], indent=1) + "\n")
