"""Each case folder is one truth about one rule: `input.yaml` makes exactly the edges of `edges.txt`.

`findings.txt` holds what the rule has to complain about; where it is missing, nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

from rebuild.graph import rules
from rebuild.graph.build import RULES
from rebuild.graph.index import Index
from tests.graph import reading

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/input.yaml"))
MODULES = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))


def rule_named(name: str) -> ModuleType:
    return importlib.import_module(f"rebuild.graph.rules.{name}")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_rule_makes_exactly_the_edges_of_its_case(folder: Path) -> None:
    index = Index(reading.blueprint((folder / "input.yaml").read_bytes()))
    rule = rule_named(folder.parent.name)
    edges = list(rule.edges_from(index))
    assert sorted({str(edge) for edge in edges}) == (folder / "edges.txt").read_text().splitlines()
    assert {edge.rule for edge in edges} <= {folder.parent.name}
    findings = [str(each) for each in rule.findings_from(index)] if hasattr(rule, "findings_from") else []
    expected = folder / "findings.txt"
    assert findings == (expected.read_text().splitlines() if expected.exists() else [])


@pytest.mark.parametrize("name", MODULES)
def test_every_rule_has_a_case_and_takes_part(name: str) -> None:
    assert any(folder.parent.name == name for folder in FOLDERS)
    assert rule_named(name) in RULES


def test_every_case_belongs_to_a_rule() -> None:
    assert {folder.parent.name for folder in FOLDERS} <= set(MODULES)
    assert {path.parent for path in CASES.glob("*/*/*")} == set(FOLDERS)
