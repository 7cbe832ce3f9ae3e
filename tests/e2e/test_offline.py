"""What needs no cluster."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.support import ROOT, rebuild

NOWHERE = {"KUBECONFIG": "/nonexistent", "HOME": "/dev/null/home"}


def test_a_plan_needs_no_cluster() -> None:
    ran = rebuild("plan", ROOT, "--path", "examples/shop", **NOWHERE)

    assert ran.code == 0, ran.stderr
    assert "65 objects" in ran.stdout
    assert ran.last_line.startswith("PASS")


def test_a_plan_as_json_is_data_alone() -> None:
    ran = rebuild("plan", ROOT, "--path", "examples/shop", "-o", "json")

    assert ran.code == 0
    assert len(ran.json()["objects"]) == 65


@pytest.mark.parametrize(("example", "objects"), [("zoo", 27), ("zoo-broken", 4)])
def test_the_other_examples_can_be_planned(example: str, objects: int) -> None:
    ran = rebuild("plan", ROOT, "--path", f"examples/{example}", **NOWHERE)

    assert ran.code == 0, ran.stderr
    assert ran.last_line == f"PASS  {objects} objects planned: {objects} create"


@pytest.mark.corpus
@pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus")
def test_a_published_stack_is_planned_offline() -> None:
    source = Path(os.environ["REBUILD_CORPUS"]) / "kube-prometheus"

    ran = rebuild("plan", source, "--path", "manifests", "-o", "json", **NOWHERE)

    assert ran.code == 0, ran.stderr
    assert len(ran.json()["objects"]) == 131


def test_a_plan_tells_of_rules_as_an_apply_does(tmp_path: Path) -> None:
    source, rules = tmp_path / "source", tmp_path / "rules.yaml"
    source.mkdir()
    (source / "app.yaml").write_text("""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec: {ignoreDifferences: [{kind: Pod, jqPathExpressions: [".spec | length"]}]}
""")
    rules.write_text("""
apiVersion: rebuild.dev/v1alpha1
kind: Rules
health: [{group: example.com, kind: Database, current: "true"}]
""")

    ran = rebuild("plan", source, "--rules", rules, "-o", "json", **NOWHERE)
    without = rebuild("plan", source, "--no-imported-rules", "-o", "json", **NOWHERE)

    both = {"health-rule-unused", "ignore-rule-not-imported"}
    assert {one["code"] for one in ran.json()["findings"]} & both == both, ran.stderr
    assert not {one["code"] for one in without.json()["findings"]} & both


def test_every_problem_of_every_file_is_reported_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n")
    (tmp_path / "b.yaml").write_text("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n---\na: }\n")
    (tmp_path / "c.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")

    ran = rebuild("plan", tmp_path)

    assert ran.code == 2
    assert "b.yaml:2" in ran.stderr
    assert "a.yaml:1" in ran.stderr
    assert "b.yaml:6" in ran.stderr
    assert "c.yaml:1" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_hard_cycle_is_refused_with_its_loop(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {0}\n  namespace: default\n"
        "  annotations: {{config.kubernetes.io/depends-on: /namespaces/default/ConfigMap/{1}}}\n"
    )
    (tmp_path / "loop.yaml").write_text(text.format("a", "b") + "---\n" + text.format("b", "a"))

    ran = rebuild("plan", tmp_path)

    assert ran.code == 2
    assert "dependency-cycle" in ran.stderr
    assert "loop.yaml:1" in ran.stderr
    assert "loop.yaml:8" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("plan", "/nonexistent"), 2, "/nonexistent"),
        (("plan", ROOT, "--ref", "no-such-branch"), 2, "no-such-branch"),
        (("plan", ROOT, "--path", "no/such/folder"), 2, "no/such/folder"),
        (("apply", ROOT, "--path", "examples/shop"), 2, "--context"),
        (("apply", ROOT, "--context", "nobody", "--kubeconfig", "/nonexistent"), 5, "nobody"),
        (("drill",), 2, "playbook"),
        (("drill", "no-such-playbook.yaml"), 2, "no-such-playbook.yaml"),
        (("drill", "pyproject.toml"), 2, "pyproject.toml"),
        (("lab", "status", "no-such-lab"), 2, "no-such-lab"),
        (("lab", "up", "Not A Name"), 2, "Not A Name"),
        (("plan", ROOT, "-o", "xml"), 2, "xml"),
        (("no-such-command",), 2, "no-such-command"),
    ],
)
def test_a_bad_call_names_the_value_and_the_code(arguments: tuple[object, ...], code: int, words: str) -> None:
    ran = rebuild(*arguments)

    assert ran.code == code, ran.stderr
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_a_plan_is_drawn_and_its_answer_stays_out_of_the_picture() -> None:
    for form, head in (("dot", "digraph plan {\n"), ("mermaid", "flowchart LR\n")):
        ran = rebuild("plan", ROOT, "--path", "examples/shop", "-o", form)

        assert ran.code == 0
        assert ran.stdout.startswith(head)
        assert "PASS" not in ran.stdout
        assert ran.stderr.startswith("PASS")


def test_two_plans_of_the_same_commit_are_the_same_to_the_byte(state: Path) -> None:
    first, second = (
        rebuild("plan", ROOT, "--path", "examples/shop", "-o", "json", PYTHONHASHSEED=seed) for seed in ("1", "2")
    )
    assert first.stdout == second.stdout
    assert first.json()["expected"]["criticalPath"][-1]["ref"].startswith("autoscaling/v2/HorizontalPodAutoscaler/")
