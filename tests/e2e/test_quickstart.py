"""The README's main command, as a stranger runs it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from rebuild.providers.kwok import cluster
from tests.e2e.support import our_writes, rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(600, func_only=True)]


def test_a_drill_brings_everything_back_and_leaves_nothing_behind(lab_binaries: object, tmp_path: Path) -> None:
    labs_before = {lab.name for lab in cluster.list_labs()}

    ran = rebuild("drill", "playbooks/quickstart.yaml", "--report", tmp_path / "report.json")

    assert ran.code == 0, ran.stderr
    assert ran.last_line.startswith("PASS  63 of 65 objects verified in ")
    assert "recovery time on kwok: control plane only" in ran.last_line
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert report["verdict"] == "PASS"
    assert report["exit"]["code"] == 0
    assert len(report["source"]["commit"]) == 40
    assert report["target"]["fidelity"] == "kwok"
    assert report["recovery"]["seconds"] > 0
    assert sum(one["verified"] is True for one in report["objects"]) >= 55
    limits = Counter(limit["code"] for limit in report["limits"])
    assert limits == {"webhook-held-back": 1, "health-not-provable": 2, "health-assumed": 3}
    assert {one["path"] for one in report["controllerOwned"]} <= {"rules", "spec.replicas"}
    assert {lab.name for lab in cluster.list_labs()} == labs_before


def test_the_worst_day_comes_back_in_its_order(lab_binaries: object) -> None:
    ran = rebuild("drill", "playbooks/zoo.yaml", "-o", "json")

    assert ran.code == 0, ran.stderr
    assert {limit["code"] for limit in ran.json()["limits"]} == {"webhook-held-back", "health-not-provable"}
    times = {one["ref"]: one["times"] for one in ran.json()["objects"]}
    configuration = "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration/-/zoo-keeper"
    for first, then in [
        ("apps/v1/Deployment/zoo/keeper", configuration),
        (configuration, "zoo.example.com/v1/Animal/zoo/penguin"),
        ("batch/v1/Job/zoo/ledger-schema", "apps/v1/Deployment/zoo/entrance"),
    ]:
        assert times[first]["ready"] <= times[then]["sent"]


def test_each_object_costs_one_write_request(lab_binaries: object) -> None:
    ran = rebuild("drill", "playbooks/quickstart.yaml", "--keep", "-o", "json")

    assert ran.code == 0, ran.stderr
    (kept,) = (lab for lab in cluster.list_labs() if lab.name.startswith("drill-"))
    try:
        assert kept.lab is not None
        writes = our_writes(kept.lab.audit_log)
        retried = sum(one["attempts"] - 1 for one in ran.json()["objects"])
        assert len(writes) == 65
        assert writes.total() == 65 + retried
        assert retried <= 3
    finally:
        cluster.down(kept.name)


def test_a_recovery_slower_than_its_objective_is_a_no(lab_binaries: object) -> None:
    ran = rebuild("drill", "playbooks/quickstart.yaml", "--objective", "10ms", "-o", "json")

    assert ran.code == 1
    assert ran.json()["verdict"] == "FAIL"
    assert "objective missed" in ran.json()["exit"]["reason"]
