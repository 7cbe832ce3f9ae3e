"""From sources to a blueprint and its graph, or to everything that stands in the way."""

from __future__ import annotations

import pytest

from rebuild.model import kinds
from rebuild.model.errors import Exit, InvalidBlueprint, UsageError
from rebuild.model.findings import Finding, Severity
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.sources import Source, SourceFile
from rebuild.ops.blueprint import Declared, declared

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
LOOP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {config.kubernetes.io/depends-on: /namespaces/default/ConfigMap/b}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b, annotations: {config.kubernetes.io/depends-on: /namespaces/default/ConfigMap/a}}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Widget, plural: widgets}
  versions: [{name: v2, served: true, storage: true}]
"""


def read(*texts: str, path: str = "", findings: tuple[Finding, ...] = ()) -> Declared:
    files = tuple(SourceFile(f"{number}.yaml", text.encode()) for number, text in enumerate(texts))
    source = Source("shop.git", files, path=path, findings=findings)
    return declared([source], kinds=kinds.builtin(), namespace="default")


def test_all_files_of_all_sources_are_one_blueprint() -> None:
    one, two = (Source(name, (SourceFile("a.yaml", (MAP % name).encode()),)) for name in ("one", "two"))
    found = declared([one, two], kinds=kinds.builtin(), namespace="shop")
    assert [str(manifest.ref) for manifest in found.blueprint] == ["v1/ConfigMap/shop/one", "v1/ConfigMap/shop/two"]


def test_findings_of_the_sources_come_before_those_of_reading() -> None:
    note = Finding("not-a-commit", Severity.WARNING, "nobody can rebuild this tomorrow")
    found = read(MAP % "a", "name: values\n", findings=(note,))
    assert [finding.code for finding in found.blueprint.findings] == ["not-a-commit", "not-kubernetes"]


def test_every_problem_of_every_file_is_told_at_once() -> None:
    with pytest.raises(InvalidBlueprint) as caught:
        read(MAP % "a", "kind: [\n", MAP % "a", "apiVersion: v1\nkind: Pod\nmetadata: {}\n")
    codes = {finding.code: str(finding.origin) for finding in caught.value.findings}
    assert codes["duplicate-object"].startswith("2.yaml:")
    assert codes["no-name"].startswith("3.yaml:")
    assert codes["unreadable-yaml"].startswith("1.yaml:")
    assert caught.value.exit is Exit.USAGE


def test_a_hard_loop_stands_in_the_way() -> None:
    with pytest.raises(InvalidBlueprint) as caught:
        read(LOOP)
    assert [finding.code for finding in caught.value.findings] == ["dependency-cycle"]


@pytest.mark.parametrize(("path", "where"), [("", "the root"), ("deploy", "deploy")])
def test_a_source_that_declares_nothing_is_a_usage_error(path: str, where: str) -> None:
    with pytest.raises(UsageError, match=f"shop.git declares no Kubernetes object at {where}$") as caught:
        read("name: values\n", path=path)
    assert "--path" in caught.value.hint


def test_a_target_serves_its_own_kinds_and_those_that_are_declared() -> None:
    pods, old = Kind("", "Pod", "pods", True, ("v1",)), Kind("example.com", "Widget", "widgets", False, ("v1",))
    found = read(DEFINITION).served_by(Kinds([pods, old]))
    known = found.blueprint.kinds
    assert set(known) == {pods, Kind("example.com", "Widget", "widgets", False, ("v2",))}
    assert known.get("", "ConfigMap") is None
