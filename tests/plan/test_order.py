"""The same files in whatever order give the same plan, to the byte."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import orjson
import pytest

from rebuild.model import kinds
from rebuild.model.events import RunStarted
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import blueprint, plan
from rebuild.plan import document, dot, mermaid
from rebuild.report import to_json
from rebuild.report.ledger import Ledger

ROOT = Path(__file__).parents[2]
SHOP = sorted((ROOT / "examples" / "shop").rglob("*.yaml"))
FILES = [SourceFile(str(path.relative_to(ROOT)), path.read_bytes()) for path in SHOP]


def printed(files: list[SourceFile], *, started: str = "2030-01-01T00:00:00Z") -> list[bytes]:
    """What `rebuild plan` prints of files, in every form for programs."""
    source = Source("shop", files=tuple(files))
    found = plan.offline(blueprint.declared([source], kinds=kinds.builtin(), namespace="default"))
    ledger = Ledger()
    ledger.add(RunStarted(f"run of {started}", "plan", "1", started))
    ledger.add(plan.event_of(found, key=started.encode(), at=1.0))
    report = {**to_json.document(ledger), "expected": document.expected(found)}
    return [orjson.dumps(report), dot.text(found).encode(), mermaid.text(found).encode()]


@cache
def usual() -> list[bytes]:
    return printed(FILES)


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_files_changes_no_byte(seed: int) -> None:
    assert printed(Random(seed).sample(FILES, len(FILES))) == usual()


def test_a_plan_of_another_day_has_the_same_bytes() -> None:
    assert printed(FILES, started="2031-02-03T04:05:06Z") == usual()
