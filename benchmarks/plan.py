"""How long a plan takes, cold and of unchanged files: `uv run python -m benchmarks.plan`.

Makes repositories of each size, plans each in a process of its own, and writes the table to `results/plan.md`. CPU time
is what to compare; wall time is of a machine whose load average stands beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import repository

SIZES = (1_000, 10_000, 100_000)
SEED = 1
RESULT = Path(__file__).parent / "results" / "plan.md"


@dataclass(frozen=True, slots=True)
class Measured:
    """One plan: wall and CPU seconds of each phase, peak memory in bytes, and the load average around it."""

    objects: int
    edges: int
    source: int
    spent: dict[str, tuple[float, float]]
    peak: int
    load: float

    @property
    def wall(self) -> float:
        """Of all phases."""
        return sum(wall for wall, _ in self.spent.values())

    @property
    def cpu(self) -> float:
        """Of all phases."""
        return sum(cpu for _, cpu in self.spent.values())


def main() -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    plans = [_of_size(size, asked.seed) for size in asked.sizes]
    text = _document(plans, asked.seed)
    sys.stdout.write(text)
    if tuple(asked.sizes) == SIZES:
        RESULT.write_text(text, encoding="utf-8")


def _of_size(objects: int, seed: int) -> tuple[Measured, Measured]:
    """The cold plan, and that of the same files again."""
    with tempfile.TemporaryDirectory(prefix="rebuild-bench-") as work:
        root = Path(work) / "repository"
        root.mkdir()
        repository.write(root, objects=objects, seed=seed)
        return _plan(root, Path(work) / "cache"), _plan(root, Path(work) / "cache")


def _plan(root: Path, cache: Path) -> Measured:
    environment = {**os.environ, "REBUILD_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "benchmarks.phases", str(root)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    found = json.loads(done.stdout)
    return Measured(
        objects=found["objects"],
        edges=found["edges"],
        source=found["bytes"],
        spent={name: (wall, cpu) for name, (wall, cpu) in found["spent"].items()},
        peak=found["peak"],
        load=os.getloadavg()[0],
    )


def _document(plans: list[tuple[Measured, Measured]], seed: int) -> str:
    lines = [
        "# Time of a plan",
        "",
        f"`uv run python -m benchmarks.plan` makes the repositories (seed {seed}), plans each in a process of its own,",
        "and writes this file. CPU seconds stand before wall seconds. The load average of the minute stands with each",
        "plan: where it is above the number of cores, wall time says little. The exponent is that of the growth from",
        "the first column to the last; 1 is linear.",
        "",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {_machine()}.",
        "",
    ]
    for title, which in (("Cold", 0), ("Again, nothing changed", 1)):
        lines += [f"## {title}", "", *_table([pair[which] for pair in plans]), ""]
    return "\n".join(lines)


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _table(plans: list[Measured]) -> list[str]:
    """A row for each fact, a column for each size, and how the row grows from the smallest size to the largest."""
    rows = [
        ("edges", [f"{plan.edges:,}" for plan in plans], _growth(plans, [plan.edges for plan in plans])),
        ("source, MB", [f"{plan.source / 1e6:.1f}" for plan in plans], _growth(plans, [plan.source for plan in plans])),
    ]
    for name in plans[0].spent:
        spent = [plan.spent[name] for plan in plans]
        rows.append((name, [_seconds(cpu, wall) for wall, cpu in spent], _growth(plans, [cpu for _, cpu in spent])))
    rows += [
        ("**all**", [_seconds(plan.cpu, plan.wall) for plan in plans], _growth(plans, [plan.cpu for plan in plans])),
        (
            "peak memory, MB",
            [f"{plan.peak / 1e6:.0f}" for plan in plans],
            _growth(plans, [plan.peak for plan in plans]),
        ),
        ("load average", [f"{plan.load:.1f}" for plan in plans], ""),
    ]
    head = ["", *(f"{plan.objects:,} objects" for plan in plans), "exponent"]
    cells = [head, ["---"] + ["---:"] * (len(plans) + 1), *([name, *values, growth] for name, values, growth in rows)]
    return [f"| {' | '.join(row)} |" for row in cells]


def _seconds(cpu: float, wall: float) -> str:
    return f"{cpu:.2f} / {wall:.2f}"


def _growth(plans: list[Measured], values: list[float] | list[int]) -> str:
    """The exponent of objects that the value grows with; 1 is linear."""
    if len(plans) < 2 or not values[0]:
        return ""
    return f"{math.log(values[-1] / values[0]) / math.log(plans[-1].objects / plans[0].objects):.2f}"


if __name__ == "__main__":
    main()
