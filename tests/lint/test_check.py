"""Linting as a whole: what it makes of an object that no case holds, of another release, and of published manifests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.lint import check, table, types
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.objects import Body, Manifest, Origin, Provenance
from rebuild.model.refs import Ref
from rebuild.model.sources import SourceFile
from tests.lint import cases

SHOP = Path(__file__).parents[2] / "examples" / "shop"
PLAIN = [
    "kube-prometheus/manifests",
    "microservices-demo/kubernetes-manifests",
    "kubeflow-manifests/common/cert-manager/base/upstream",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
WORDS = ("spec", "metadata", "labels", "annotations", "data", "stringData", "containers", "env", "name", "template")
SHAPED = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
)
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}], %s}\n"


def one(body: Body, provenance: Provenance = Provenance.COMMIT) -> check.Checked:
    """Linting of a body as it is, however broken: no reader has looked at it."""
    ref = Ref.of(str(body["apiVersion"]), str(body["kind"]), "", "a")
    manifest = Manifest(ref, body, Origin("a.yaml", 1, provenance=provenance))
    return cases.checked(Blueprint({ref: manifest}, kinds.builtin()))


@given(
    kind=st.sampled_from([("v1", "Pod"), ("v1", "Secret"), ("v1", "ConfigMap"), ("apps/v1", "Deployment")]),
    fields=st.dictionaries(st.sampled_from(WORDS), SHAPED),
)
def test_no_body_is_too_broken_to_be_judged(kind: tuple[str, str], fields: Body) -> None:
    one({**fields, "apiVersion": kind[0], "kind": kind[1]})


@given(schema=st.dictionaries(st.sampled_from(["type", "properties", "items", "required"]), SHAPED), spec=SHAPED)
def test_no_definition_is_too_broken_to_be_read(schema: Body, spec: object) -> None:
    names = {"kind": "Thing", "plural": "things"}
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.lint.example"},
        "spec": {"group": "lint.example", "names": names, "versions": [version]},
    }
    crd, ref = (
        Ref.of("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "a"),
        Ref("lint.example", "Thing", "", "a"),
    )
    manifests = {
        crd: Manifest(crd, definition, Origin("a.yaml", 1)),
        ref: Manifest(ref, {"apiVersion": "lint.example/v1", "kind": "Thing", "spec": spec}, Origin("a.yaml", 2)),
    }
    cases.checked(Blueprint(manifests, kinds.builtin()))


@given(secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40))
def test_no_finding_shows_the_value_of_a_secret(secret: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "annotations": {"note": secret}},
        "data": {"a": secret, "b": [secret], "c": {"d": secret}},
        "stringData": {"a": [secret]},
        "type": {"a": secret},
        "dta": {"a": secret},
    }
    found = one(body)
    assert {finding.code for finding in found.findings} >= {"wrong-type", "unknown-field", "plain-secret"}
    assert not any(secret in str(finding) for finding in found.findings)


@pytest.mark.parametrize(
    ("version", "refused"),
    [("", True), (f"v{table.builtin().release}.0-gke.1", True), ("v1.99.0", False), ("v1.3.0", False)],
)
def test_another_release_is_asked_about_fields_that_ours_does_not_know(version: str, refused: bool) -> None:
    found = cases.checked(cases.blueprint(POD % "brandNew: 1"))
    assert bool(found.unsendable(version)) is refused
    assert [finding.code for finding in found.findings] == ["unknown-field"]


def test_what_is_certain_is_refused_by_every_release() -> None:
    found = cases.checked(cases.blueprint(POD % 'brandNew: 1, hostNetwork: "true", hostPID: "true"'))
    (reason,) = found.unsendable("v1.99.0").values()
    assert reason == 'spec.hostNetwork is text ("true"); it takes true or false (and 1 more)'


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("hostnetwork: true", "did you mean hostNetwork?"),
        ("nodeSelctor: {}", "did you mean nodeSelector?"),
        ("zzz: 1", "take it out, or move it to where it belongs"),
    ],
)
def test_a_misspelt_field_is_told_what_was_meant(written: str, step: str) -> None:
    (finding,) = cases.checked(cases.blueprint(POD % written)).findings
    assert finding.next_step == step


def test_who_sees_ten_has_seen_the_cause() -> None:
    fields = ", ".join(f"wrong{number}: 1" for number in range(50))
    assert len(cases.checked(cases.blueprint(POD % fields)).findings) == check.LISTED


def test_a_secret_that_the_operator_adds_is_theirs_to_keep() -> None:
    body: Body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "hunter2"}}
    assert one(body, Provenance.OPERATOR).findings == ()
    assert [finding.code for finding in one(body, Provenance.DIRECTORY).findings] == ["plain-secret"]


def test_the_types_know_every_built_in_kind_in_every_version() -> None:
    known = table.builtin()
    for kind in kinds.builtin():
        for version in kind.versions:
            root = known.root(Ref(kind.group, kind.kind, "", "x", version))
            assert root is not None
            assert {"apiVersion", "kind", "metadata"} <= set(root.fields), kind


def test_a_type_without_a_schema_takes_anything() -> None:
    root = types.defined(None)
    assert root.open
    assert set(root.fields) == {"apiVersion", "kind", "metadata"}


def test_the_example_has_plain_secrets_and_nothing_else() -> None:
    assert codes(SHOP) == {"plain-secret"}


@pytest.mark.corpus
@pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus")
@pytest.mark.parametrize("folder", PLAIN)
def test_published_manifests_are_not_found_fault_with(folder: str) -> None:
    assert codes(Path(os.environ["REBUILD_CORPUS"]) / folder) <= {"plain-secret"}


def codes(folder: Path) -> set[str]:
    """What is said of all manifests below a folder, which must be some."""
    files = [SourceFile(str(path), path.read_bytes()) for path in sorted(folder.rglob("*.yaml"))]
    found = read(files, kinds=kinds.builtin())
    assert len(found) > 10
    return {finding.code for finding in cases.checked(found).findings}
