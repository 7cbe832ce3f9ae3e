"""Each case folder is one truth about one rule: `input.yaml` gives the findings of `findings.txt`.

Where there is a `live.yaml`, there is a target that holds what it says; without one the plan is made offline.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph import build as graphs
from rebuild.model.blueprint import Blueprint
from rebuild.model.faults import Cause, Fault
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.plan import build
from rebuild.plan.build import OFFLINE, Surroundings
from rebuild.plan.preflight import check, rules
from rebuild.plan.snapshot import Snapshot
from tests.graph import reading
from tests.lint.test_check import SHAPED
from tests.plan import support

CASES = Path(__file__).parent / "preflight_cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/input.yaml"))
MODULES = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
CODES = {
    "classes": {"class-missing", "class-undeclared"},
    "ownership": {"field-owned", "object-controlled"},
    "quotas": {"quota-exceeded"},
}
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {storageClassName: fast}
"""
KINDS = {
    ref.kind: ref for folder in FOLDERS for ref in reading.blueprint((folder / "input.yaml").read_bytes()).manifests
}


def findings(blueprint: Blueprint, surroundings: Surroundings, codes: set[str]) -> list[Finding]:
    plan = build.build(blueprint, graphs.build(blueprint), surroundings, manager=support.MANAGER)
    return [finding for finding in plan.findings if finding.code in codes]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_rule_finds_exactly_what_its_case_says(folder: Path) -> None:
    live = folder / "live.yaml"
    held = support.objects((live.read_text() if live.exists() else "") + "---\n" + support.SHOP)
    surroundings = Surroundings(Snapshot(held), support.REAL, has_target=live.exists())
    found = findings(reading.blueprint((folder / "input.yaml").read_bytes()), surroundings, CODES[folder.parent.name])
    assert [str(each) for each in found] == (folder / "findings.txt").read_text().splitlines()
    assert all(each.next_step and each.origin and each.severity is Severity.WARNING for each in found)


@pytest.mark.parametrize("name", MODULES)
def test_every_rule_finds_each_of_its_codes_in_a_case_and_takes_part(name: str) -> None:
    texts = "".join((folder / "findings.txt").read_text() for folder in FOLDERS if folder.parent.name == name)
    assert all(f"[{code}]" in texts for code in CODES[name])
    assert importlib.import_module(f"rebuild.plan.preflight.rules.{name}") in check.RULES


def test_a_class_is_not_called_missing_where_classes_may_not_be_listed() -> None:
    denied = {("storage.k8s.io", "StorageClass", "v1"): Fault(Cause.FORBIDDEN, 403, "no")}
    around = Surroundings(Snapshot(support.objects(support.SHOP), denied), support.REAL)
    assert not findings(support.blueprint(CLAIM), around, CODES["classes"])


def test_only_kinds_that_the_declarations_call_for_are_asked_of_a_target() -> None:
    def asked(text: str) -> set[str]:
        found = support.blueprint(text)
        return {kind for _, kind in check.kinds_to_know(found, graphs.build(found).edges)}

    assert asked(support.SHOP) == set()
    assert asked(CLAIM) == {"StorageClass", "LimitRange", "ResourceQuota"}
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {priorityClassName: high}}"
    assert asked(pod) == {"PriorityClass", "LimitRange", "ResourceQuota"}


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), SHAPED, SHAPED), max_size=4))
def test_no_body_is_too_broken_to_be_judged(bodies: list[tuple[str, object, object]]) -> None:
    manifests = []
    for number, (kind, spec, metadata) in enumerate(bodies):
        ref = Ref(KINDS[kind].group, kind, KINDS[kind].namespace, str(number))
        manifests.append(Manifest(ref, {"kind": kind, "spec": spec, "metadata": metadata}, Origin("a.yaml", 1)))
    findings(reading.of(manifests), OFFLINE, set())
