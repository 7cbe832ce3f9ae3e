"""Tables for people: rows of plain strings on a stream, as wide as it needs or as the terminal allows.

On a terminal long cells are folded into their column; elsewhere nothing is, so that a row stays a line for `grep`.
Machines get JSON or YAML, which are not made here.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TextIO, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rebuild.console.safe import clean
from rebuild.model.edges import Gate
from rebuild.model.findings import Finding
from rebuild.model.wording import counted
from rebuild.plan import course as courses
from rebuild.plan.steps import Action, Plan, Step

GATES = {Gate.EXISTS: "exists", Gate.SERVED: "is served", Gate.READY: "is ready"}
"""What comes true of an object when its gate opens."""
UNBOUNDED = 100_000
"""Columns of a stream that is no terminal."""


def print_table(
    stream: TextIO,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    width: int | None = None,
) -> None:
    """Print rows under headers, in the manner of kubectl: no lines, and nothing but the title where there are no rows.

    Args:
        stream: Where to print; stdout in the commands.
        headers: One per column.
        rows: As many cells each as there are headers; foreign text is made safe here.
        title: A line above the table.
        width: Columns of the terminal; None asks the terminal, and takes what is needed elsewhere.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="")
    for header in headers:
        table.add_column(Text(header.upper()), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    # Rendered aside: rich answers a closed pipe with SystemExit, and the commands have their own exit codes.
    page = io.StringIO()
    bounds = width or (None if stream.isatty() else UNBOUNDED)
    console = Console(file=page, width=bounds, force_terminal=False, color_system=None)
    if title:
        console.print(Text(clean(title)))
    if table.row_count:
        console.print(table)
    stream.write("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))


def print_plan(stream: TextIO, plan: Plan, *, wide: bool = False, width: int | None = None) -> None:
    """Print what a plan would do: objects by namespace and kind, findings, limits, and the expected course.

    The images that it needs are counted by registry, or listed in a `wide` one.
    """
    counts = ", ".join(f"{n} {action}" for action in Action if (n := plan.count(action)))
    headers = ("namespace", "kind", "objects", "action")
    title = f"{counted(len(plan.steps), 'object')}: {counts or 'nothing to do'}"
    print_table(stream, headers, _groups(plan.steps.values()), title=title, width=width)
    changes = [(str(s.ref), s.reason) for s in plan.steps.values() if s.action is Action.CONFIGURE]
    if changes:
        _section(stream, f"{len(changes)} changes", ("object", "what"), changes, width)
    if plan.findings:
        title = counted(len(plan.findings), "finding")
        _section(stream, title, ("severity", "code", "where", "message"), map(_finding, plan.findings), width)
    if plan.limits:
        rows = ((limit.code, str(limit.ref), limit.message) for limit in plan.limits)
        _section(
            stream, f"{counted(len(plan.limits), 'limit')} of this target", ("code", "object", "message"), rows, width
        )
    if plan.images:
        _section(stream, counted(len(plan.images), "image"), *(_images if wide else _registries)(plan), width)
    course = courses.of(plan)
    path = course.path
    if len(path) > 1:
        hops = [(*hop_row(hop), str(courses.estimate_of(path, place, plan))) for place, hop in enumerate(path)]
        title = f"critical path: {course.seconds:.1f} s expected, not measured"
        _section(stream, title, ("at", "object", "takes", "waits because", "from"), hops, width)
    if course.begins:
        writes = ((f"{second} s", str(count)) for second, count in courses.width(course, plan))
        _section(stream, "writes that may leave", ("second", "writes"), writes, width)


def hop_row(hop: courses.Hop) -> tuple[str, ...]:
    """One hop of a critical path: when it leaves, what, how long it keeps the next one waiting, and why it waits."""
    why = f"{hop.edge.why} ({hop.edge.strength}, until it {GATES[hop.edge.gate]})" if hop.edge else "-"
    return f"{hop.begins:.1f} s", str(hop.ref), f"{hop.seconds:.1f} s", why


def _section(
    stream: TextIO, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], width: int | None
) -> None:
    stream.write("\n")
    print_table(stream, headers, rows, title=title, width=width)


def _groups(steps: Iterable[Step]) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, str, str], Counter[Action]] = {}
    for step in steps:
        key = (step.ref.namespace, step.ref.kind, step.ref.group)
        groups.setdefault(key, Counter())[step.action] += 1
    return [
        (
            namespace or "-",
            f"{kind}.{group}" if group else kind,
            str(actions.total()),
            ", ".join(f"{actions[action]} {action}" for action in Action if actions[action]),
        )
        for (namespace, kind, group), actions in sorted(groups.items())
    ]


_Columns: TypeAlias = tuple[Sequence[str], Iterable[Sequence[str]]]
"""Headers and rows."""


def _registries(plan: Plan) -> _Columns:
    counts = Counter(need.image.registry for need in plan.images)
    return ("registry", "images"), [(registry, str(count)) for registry, count in sorted(counts.items())]


def _images(plan: Plan) -> _Columns:
    rows = ((str(n.image), ", ".join(n.policies), ", ".join(map(str, n.users))) for n in plan.images)
    return ("image", "pull policy", "used by"), rows


def _finding(finding: Finding) -> tuple[str, ...]:
    where = str(finding.origin or finding.ref or "-")
    step = f" ({finding.next_step})" if finding.next_step else ""
    return finding.severity, finding.code, where, f"{finding.message}{step}"
