"""Writes docs/reliability.md: the faults that tests provoke on a real control plane, and how the tests ended.

`REBUILD_FIGURES=DIR uv run pytest -m fault` records the outcomes, and `python tools/generate_reliability.py DIR...`
writes the page. A marked test without an outcome, or one that failed, is no row but an error. What rebuild does about a
fault is told by the test itself: by its docstring, or by its name where it has none.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
FILE = "faults.json"
_ROW = re.compile(r"^\| (?P<id>[^|]+) \| .* \| `(?P<test>[^`]+)` \| (?P<result>.+) \|$", re.MULTILINE)
_HEAD = """\
# Faults survived

Written by `python tools/generate_reliability.py` out of a test run; a test fails when a fault's test is missing here,
or a row has no test.

Each row is a fault that a test provokes, and what rebuild does about it; the page is made anew by

```
REBUILD_FIGURES=/tmp/figures uv run pytest -m fault
uv run python tools/generate_reliability.py /tmp/figures
```

Requests and answers are spoiled by a proxy between rebuild and the API server (`tests/support/fault_proxy.py`); servers
are stopped and started by their process ids. What is drawn at random prints its seed when it fails.

| fault | what happens | what rebuild does | test | result |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, order=True)
class Marked:
    """One fault that a test stands for, as its source has it."""

    fault: str
    test: str
    """Path and function, without parameters."""
    title: str
    does: str


def marked() -> list[Marked]:
    """Every fault that a test is marked with, in the order of their numbers."""
    found = (one for path in (ROOT / "tests").rglob("test_*.py") for one in _of(path))
    return sorted(found, key=lambda one: (*_number(one.fault), one.test))


def page(rows: Iterable[dict[str, Any]]) -> str:
    """The page for these outcomes.

    Raises:
        ValueError: when a marked test has no outcome, or a bad one.
    """
    outcomes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        outcomes.setdefault((row["id"], row["test"].partition("[")[0]), []).append(row)
    lines = []
    for one in marked():
        found = outcomes.get((one.fault, one.test), [])
        bad = sorted({row["outcome"] for row in found} - {"passed", "skipped"})
        if bad or not found:
            raise ValueError(f"{one.fault} {one.test}: {', '.join(bad) or 'was not run'}")
        lines.append(f"| {one.fault} | {one.title} | {one.does} | `{one.test}` | {_result(found)} |\n")
    return _HEAD + "".join(lines)


def read(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """The outcomes that these folders hold; of a test that was run again the later folder's."""
    found = {}
    for folder in folders:
        found |= {(row["id"], row["test"]): row for row in json.loads((folder / FILE).read_text())}
    return list(found.values())


def rows_of(text: str) -> set[tuple[str, str]]:
    """The fault and the test of each row of a page."""
    return {(row["id"], row["test"]) for row in _ROW.finditer(text)}


def _result(found: list[dict[str, Any]]) -> str:
    passed = sum(row["outcome"] == "passed" for row in found)
    if not passed:
        return "skipped on the machine of that run"
    return f"{passed} cases passed" if passed > 1 else "passed"


def _of(path: Path) -> Iterator[Marked]:
    test = path.relative_to(ROOT).as_posix()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                match decorator:
                    case ast.Call(ast.Attribute(attr="fault"), [ast.Constant(str(fault)), ast.Constant(str(title))]):
                        yield Marked(fault, f"{test}::{node.name}", title, _does(node))


def _does(node: ast.FunctionDef) -> str:
    told = ast.get_docstring(node) or node.name.removeprefix("test_").replace("_", " ")
    text = " ".join(told.partition("\n\n")[0].split()).replace("|", "\\|").removesuffix(".")
    return text[0].upper() + text[1:]


def _number(fault: str) -> tuple[int, str]:
    digits = re.sub(r"\D", "", fault)
    return (int(digits) if digits else 1000, fault)


if __name__ == "__main__":
    PAGE.write_text(page(read(map(Path, sys.argv[1:]))))
    sys.stdout.write(f"{PAGE}: {len(marked())} rows\n")
