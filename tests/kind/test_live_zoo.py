"""Environments whose workloads really run: the two examples, and other people's manifests with stand-in images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rebuild.providers.kind.install import Kit
from tests.e2e.support import rebuild
from tests.support import standins

pytestmark = [pytest.mark.kind, pytest.mark.timeout(600, func_only=True)]

ADMISSION = "admissionregistration.k8s.io/v1"
CERT_MANAGER = [f"quay.io/jetstack/cert-manager-{name}:v1.19.4" for name in ("cainjector", "controller", "webhook")]

CONFIGURATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
ISSUER = """\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata:
  name: self-signed
  annotations: {config.kubernetes.io/depends-on: "%s"}
spec: {selfSigned: {}}
"""
"""Has to pass the webhook, which comes after its server."""
RULES = """\
apiVersion: rebuild.dev/v1alpha1
kind: Rules
health:
- {group: cert-manager.io, kind: ClusterIssuer, current: "true"}
"""
"""The stand-in of the controller reports nothing on it."""


def by_ref(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["ref"]: one for one in report["objects"]}


def test_the_shop_comes_back_on_one_real_node(kit: Kit) -> None:
    ran = rebuild("drill", "playbooks/quickstart.yaml", "--provider", "kind", "-o", "json")

    assert ran.code == 0, ran.stderr
    report = ran.json()
    assert report["exit"]["reason"] == "65 of 65 objects verified"
    assert {(one["code"], one["ref"].split("/")[2]) for one in report["limits"]} == {("health-assumed", "ShippingZone")}
    assert {one["path"].rpartition(".")[2] for one in report["controllerOwned"]} == {"caBundle", "rules"}


def test_the_worst_day_ends_well_on_real_nodes(kit: Kit) -> None:
    ran = rebuild("drill", "playbooks/zoo.yaml", "--provider", "kind", "-o", "json")

    assert ran.code == 0, ran.stderr
    objects = by_ref(ran.json())
    keeper = objects["apps/v1/Deployment/zoo/keeper"]
    animals = [objects[f"zoo.example.com/v1/Animal/zoo/{animal}"] for animal in ("elephant", "penguin")]
    for kind in CONFIGURATIONS:
        asked = objects[f"{ADMISSION}/{kind}/-/zoo-keeper"]
        assert asked["times"]["sent"] >= keeper["times"]["ready"]
        assert all(animal["times"]["sent"] >= asked["times"]["ready"] for animal in animals), "it is trusted by then"
    assert {(animal["attempts"], animal["health"]) for animal in animals} == {(1, "Current")}
    migrated, opened = objects["batch/v1/Job/zoo/ledger-schema"], objects["apps/v1/Deployment/zoo/entrance"]
    assert opened["times"]["sent"] >= migrated["times"]["ready"]
    assert opened["times"]["ready"] - opened["times"]["sent"] >= 5, "it takes five seconds to start"


@pytest.mark.corpus
@pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus")
def test_cert_manager_does_not_lock_itself_out(kit: Kit, lab_binaries: object, tmp_path: Path) -> None:
    images = standins.write(tmp_path / "standins.tar", CERT_MANAGER)
    source = Path(os.environ["REBUILD_CORPUS"]) / "kubeflow-manifests"
    issuer = tmp_path / "with" / "issuer.yaml"
    issuer.parent.mkdir()
    configurations = (f"{ADMISSION.removesuffix('/v1')}/{kind}/cert-manager-webhook" for kind in CONFIGURATIONS)
    issuer.write_text(ISSUER % ",".join(configurations))
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    what = ("--source", source, "--path", "common/cert-manager/base", "--with", issuer.parent)

    ran = rebuild("drill", *what, "--rules", rules, "--provider", "kind", "--preload", images, "-o", "json")

    assert ran.code == 0, ran.stderr
    objects = by_ref(ran.json())
    webhook = objects["apps/v1/Deployment/cert-manager/cert-manager-webhook"]
    for kind in CONFIGURATIONS:
        assert objects[f"{ADMISSION}/{kind}/-/cert-manager-webhook"]["times"]["sent"] >= webhook["times"]["ready"]
    assert objects["cert-manager.io/v1/ClusterIssuer/-/self-signed"]["outcome"] == "created", "the webhook let it pass"
