"""Each case folder is one truth about one rule."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

from rebuild.lint import check, rules
from rebuild.lint.rules import sops
from rebuild.model.findings import Severity
from tests.lint import cases

MODULES = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))


@pytest.mark.parametrize("folder", cases.FOLDERS, ids=cases.name)
def test_a_case_is_judged_as_expected(folder: Path) -> None:
    expected, found = cases.expected(folder), cases.blueprint((folder / "input.yaml").read_bytes())
    assert found.findings == ()
    checked = cases.checked(found)
    assert [(f.code, str(f.origin)) for f in checked.findings] == [(e["code"], e["at"]) for e in expected["findings"]]
    for finding, wanted in zip(checked.findings, expected["findings"], strict=True):
        assert wanted["says"] in finding.message
        assert finding.next_step
        assert finding.severity is Severity.WARNING
    assert [ref.name for ref in checked.unsendable()] == expected["not_sent"]


@pytest.mark.parametrize("name", MODULES)
def test_every_rule_has_a_case_that_it_complains_about_and_takes_part(name: str) -> None:
    assert any(folder.parent.name == name and cases.expected(folder)["findings"] for folder in cases.FOLDERS)
    rule = importlib.import_module(f"rebuild.lint.rules.{name}").problems_of
    assert rule in (*check.RULES, sops.problems_of)


def test_every_case_belongs_to_a_rule() -> None:
    assert {folder.parent.name for folder in cases.FOLDERS} <= set(MODULES)
