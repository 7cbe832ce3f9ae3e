"""How far the installation of the lab's programs is, as a bar. Pure, like the board whose place it takes."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from rebuild.console.rows import bar, line
from rebuild.providers.steps import Step


def installing(step: Step, elapsed: float) -> RenderableType:
    """The installation as of this step; `elapsed` is in seconds since its first one.

    Go compiles only what its build cache lacks, so a program may be ready well before its bar is full.
    """
    return Group(*_rows(step, elapsed))


def _rows(step: Step, elapsed: float) -> Iterator[RenderableType]:
    title = f"building {step.binary}, {step.number} of {step.total}" if step.binary else "installing the lab"
    yield line((title, "bold"), (f"  {elapsed:.0f} s", ""))
    if step.packages:
        yield bar(step.compiled, step.packages, f"{step.compiled} of {step.packages} packages")
    if step.activity:
        yield line((step.activity, "dim"))
