"""One plan in a process of its own, phase by phase: `python -m benchmarks.phases FOLDER` writes a line of JSON.

Wall time says what a user waits for; CPU time, children included, says what it costs on a machine that others use.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rebuild.model import kinds
from rebuild.ops import blueprint, sources
from rebuild.ops import plan as plans
from rebuild.ops.sources import SourceOptions
from rebuild.system import memory


def measure(folder: Path) -> dict[str, object]:
    """Plan what the folder's commit declares, as `rebuild plan` does."""
    spent: dict[str, tuple[float, float]] = {}

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), _cpu()
        yield
        spent[name] = time.perf_counter() - wall, _cpu() - cpu

    with phase("read"):
        found = sources.read_all(SourceOptions(str(folder)))
    with phase("parse, blueprint"):
        read = blueprint.read_from(found, kinds=kinds.builtin(), namespace="default")
    with phase("graph, rank"):
        graph = blueprint.ordered(read)
    with phase("lint"):
        declared = blueprint.judged(read, graph)
    with phase("plan"):
        plan = plans.offline(declared)
    return {
        "objects": len(plan.steps),
        "edges": len(plan.edges),
        "bytes": sum(len(file.data) for source in found for file in source.files),
        "spent": spent,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _cpu() -> float:
    return sum(os.times()[:4])


if __name__ == "__main__":
    memory.expect_many_objects()
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]))) + "\n")
