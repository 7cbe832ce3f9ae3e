"""Writes the table of docs/health.md: for every kind that a control plane serves, when an object of it is healthy.

`python tools/generate_health.py` writes; the test compares. A rule says so itself, in its docstring's first paragraph.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rebuild.health import compute
from rebuild.health.verdicts import GroupKind, Rule
from rebuild.model import kinds

PAGE = Path(__file__).parents[1] / "docs" / "health.md"
_HEAD = "## Kinds of Kubernetes\n"
"""The rest of the page is written by hand."""


def page() -> str:
    """The whole page, with its table as the source has it."""
    written, head, _ = PAGE.read_text(encoding="utf-8").partition(_HEAD)
    return written + head + table()


def table() -> str:
    """What stands below the last heading."""
    known = sorted((kind.group, kind.kind) for kind in kinds.builtin())
    existing = ", ".join(_named(each) for each in known if each not in compute.RULES)
    rows = (f"| {_named(each)} | {_said(rule)} |\n" for each, rule in sorted(compute.RULES.items()))
    head = "| kind | healthy when |\n|---|---|\n"
    return f"\nWhat is not in the table is healthy as soon as it exists: {existing}.\n\n{head}{''.join(rows)}"


def _named(group_kind: GroupKind) -> str:
    group, kind = group_kind
    return f"{kind} ({group})" if group else kind


def _said(rule: Rule) -> str:
    paragraph = (rule.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.replace("|", "\\|").split()).removesuffix(".")


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}: {PAGE.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
