"""Each case folder is one truth about one rule: `input.yaml` gives exactly the findings of `findings.txt`."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph.index import Index
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.findings import Severity
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.sources import SourceFile
from rebuild.plan.recoverability import check, rules
from tests.graph import reading
from tests.lint.test_check import SHAPED

CASES = Path(__file__).parent / "recoverability_cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/input.yaml"))
MODULES = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
KINDS = sorted(
    {
        line.split()[1]
        for path in CASES.glob("*/*/input.yaml")
        for line in path.read_text().splitlines()
        if line.startswith("kind:")
    }
)
SHOP = Path(__file__).parents[2] / "examples" / "shop"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_rule_finds_exactly_what_its_case_says(folder: Path) -> None:
    index = Index(reading.blueprint((folder / "input.yaml").read_bytes()))
    rule = importlib.import_module(f"rebuild.plan.recoverability.rules.{folder.parent.name}")
    found = list(rule.findings_from(index))
    assert [str(each) for each in found] == (folder / "findings.txt").read_text().splitlines()
    assert all(each.next_step and each.severity is not Severity.ERROR for each in found)


@pytest.mark.parametrize("name", MODULES)
def test_every_rule_has_a_case_in_which_it_finds_something_and_takes_part(name: str) -> None:
    texts = [(folder / "findings.txt").read_text() for folder in FOLDERS if folder.parent.name == name]
    assert any(texts)
    assert importlib.import_module(f"rebuild.plan.recoverability.rules.{name}") in check.RULES


@given(st.lists(st.tuples(st.sampled_from(KINDS), SHAPED, SHAPED), max_size=4))
def test_no_body_is_too_broken_to_be_judged(bodies: list[tuple[str, object, object]]) -> None:
    groups = {
        ref.kind: ref for folder in FOLDERS for ref in reading.blueprint((folder / "input.yaml").read_bytes()).manifests
    }
    manifests = []
    for number, (kind, spec, metadata) in enumerate(bodies):
        ref = Ref(groups[kind].group, kind, groups[kind].namespace, str(number))
        manifests.append(Manifest(ref, {"kind": kind, "spec": spec, "metadata": metadata}, Origin("a.yaml", 1)))
    list(check.findings(Index(reading.of(manifests))))


def codes(folder: Path) -> set[str]:
    files = [SourceFile(str(path), path.read_bytes()) for path in sorted(folder.rglob("*.yaml"))]
    return {finding.code for finding in check.findings(Index(read(files, kinds=kinds.builtin())))}


def test_the_example_keeps_data_in_volumes_and_runs_a_migration_and_nothing_else() -> None:
    assert codes(SHOP) == {"volume-data", "volume-disk", "jobs-run-again"}


@pytest.mark.corpus
@pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus")
@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("kube-prometheus/manifests", set()),
        ("kubeflow-manifests/common/cert-manager/base/upstream", set()),
        ("microservices-demo/kubernetes-manifests", set()),
        ("flux2-kustomize-helm-example/apps/base", {"gitops-controller", "remote-source"}),
        ("flux2-kustomize-helm-example/infrastructure/controllers", {"gitops-controller", "remote-source"}),
    ],
)
def test_published_repositories_are_told_what_is_true_of_them(folder: str, found: set[str]) -> None:
    assert codes(Path(os.environ["REBUILD_CORPUS"]) / folder) == found
