"""`rebuild apply` on a cluster that exists: one write an object, then none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import LabMaker
from tests.e2e.support import ROOT, our_requests, our_writes, rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(600, func_only=True)]
SHOP = ("--path", "examples/shop")


@pytest.mark.fault("R22", "the same commit is applied a second time")
@pytest.mark.parametrize("named_by", ["kubeconfig flag", "context alone"])
def test_a_second_run_writes_nothing(make_lab: LabMaker, named_by: str) -> None:
    lab = make_lab()
    flags, environment = (
        (["--kubeconfig", lab.kubeconfig], {})
        if named_by == "kubeconfig flag"
        else ([], {"KUBECONFIG": str(lab.kubeconfig)})
    )
    target = ["--context", lab.context, *flags]

    first = rebuild("apply", ROOT, *SHOP, *target, "-o", "json", **environment)
    assert first.code == 0, first.stderr
    assert our_writes(lab.audit_log).total() >= 65
    mark = lab.audit_log.stat().st_size

    second = rebuild("apply", ROOT, *SHOP, *target, "-o", "json", **environment)
    assert second.code == 0, second.stderr
    assert not our_writes(lab.audit_log, since=mark)
    assert {one["outcome"] for one in second.json()["objects"]} == {"unchanged"}


def test_one_changed_field_is_one_write(make_lab: LabMaker, tmp_path: Path) -> None:
    lab = make_lab()
    target = ["--context", lab.context, "--kubeconfig", lab.kubeconfig]
    manifest = tmp_path / "two.yaml"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {key: %s}\n"
    manifest.write_text(text % ("a", "old") + "---\n" + text % ("b", "old"))
    assert rebuild("apply", tmp_path, *target).code == 0
    mark = lab.audit_log.stat().st_size
    manifest.write_text(text % ("a", "old") + "---\n" + text % ("b", "new"))

    ran = rebuild("apply", tmp_path, *target, "--yes", "-o", "json")

    assert ran.code == 0, ran.stderr
    assert our_writes(lab.audit_log, since=mark) == {"/api/v1/namespaces/default/configmaps/b": 1}
    outcomes = {one["ref"]: one["outcome"] for one in ran.json()["objects"]}
    assert outcomes == {"v1/ConfigMap/default/a": "unchanged", "v1/ConfigMap/default/b": "configured"}


GADGETS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.shop.example.com}
spec:
  group: shop.example.com
  scope: Cluster
  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
---
apiVersion: shop.example.com/v1
kind: Gadget
metadata: {name: one}
spec: {size: 3}
"""


def test_what_is_defined_only_now_and_reports_nothing_costs_one_list_more_than_its_writes(
    make_lab: LabMaker, tmp_path: Path
) -> None:
    lab = make_lab()
    (tmp_path / "all.yaml").write_text(GADGETS)

    ran = rebuild("apply", tmp_path, "--context", lab.context, "--kubeconfig", lab.kubeconfig)

    assert ran.code == 0, ran.stderr
    verbs = [one["verb"] for one in our_requests(lab.audit_log) if "/gadgets" in one["requestURI"]]
    # A server on a busy machine may refuse a kind that it has just established.
    assert [verb for verb in verbs if verb != "patch"] == ["list"], "it is read for its verification, and not watched"


def test_a_cluster_that_is_not_fresh_needs_a_yes(make_lab: LabMaker, tmp_path: Path) -> None:
    lab = make_lab()
    target = ["--context", lab.context, "--kubeconfig", lab.kubeconfig]
    manifest = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"
    (tmp_path / "one.yaml").write_text(manifest % "somebody")
    assert rebuild("apply", tmp_path, *target).code == 0
    (tmp_path / "one.yaml").write_text(manifest % "mine")
    mark = lab.audit_log.stat().st_size

    refused = rebuild("apply", tmp_path, *target)

    assert refused.code == 3
    assert "v1/Namespace/-/somebody" in refused.stderr
    assert "--yes" in refused.stderr
    assert not our_writes(lab.audit_log, since=mark)
    assert rebuild("apply", tmp_path, *target, "--yes").code == 0


def test_verify_finds_what_somebody_changed_and_who(make_lab: LabMaker, tmp_path: Path) -> None:
    lab = make_lab()
    target = ["--context", lab.context, "--kubeconfig", lab.kubeconfig]
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: %s}\n"
    (tmp_path / "s.yaml").write_text(text % "declared-canary")
    assert rebuild("apply", tmp_path, *target).code == 0
    kubectl = lab.binaries / "kubectl"
    subprocess.run(
        [
            *(kubectl, "--kubeconfig", lab.kubeconfig, "patch", "secret", "s", "--field-manager", "by-hand"),
            *("-p", '{"stringData": {"password": "changed-canary"}}'),
        ],
        check=True,
        capture_output=True,
    )
    mark = lab.audit_log.stat().st_size

    ran = rebuild("verify", tmp_path, *target, "-o", "json")

    assert ran.code == 1
    (difference,) = ran.json()["differences"]
    assert difference["path"] == "data.password"
    assert difference["manager"] == "by-hand"
    assert difference["declared"] != difference["live"]
    assert "canary" not in ran.stdout + ran.stderr
    assert not our_writes(lab.audit_log, since=mark)


def test_a_dry_run_shows_the_plan_and_writes_nothing(make_lab: LabMaker) -> None:
    lab = make_lab()

    ran = rebuild("apply", ROOT, *SHOP, "--context", lab.context, "--kubeconfig", lab.kubeconfig, "--dry-run")

    assert ran.code == 0, ran.stderr
    assert "65 create" in ran.stdout
    assert not our_writes(lab.audit_log)
