"""Published manifests, unchanged: what other people wrote does not flatter us."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rebuild.model.findings import ADMISSION
from tests.accuracy import figures
from tests.e2e.support import Ran, rebuild

pytestmark = [
    pytest.mark.live,
    pytest.mark.corpus,
    pytest.mark.timeout(600, func_only=True),
    pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus"),
]
LEFT_OUT = {
    "0probeCustomResourceDefinition.yaml": "Probe",
    "0prometheusruleCustomResourceDefinition.yaml": "PrometheusRule",
}


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    """What all environments together showed: the figures of docs/verification.md."""
    counts: Counter[str] = Counter({"false differences": 0})
    yield counts
    figures.keep("corpus", counts)


def count(ran: Ran, tally: Counter[str]) -> None:
    """Add one environment that was rebuilt to the figures."""
    report = ran.json()
    tally["environments"] += 1
    tally["objects verified"] += sum(one["verified"] is not None for one in report["objects"])
    tally["false differences"] += len(report["differences"])
    tally["fields owned by a controller"] += len(report["controllerOwned"])
    assert not [owned for owned in report["controllerOwned"] if owned["controller"] == ADMISSION]


@pytest.fixture
def kube_prometheus() -> Path:
    return Path(os.environ["REBUILD_CORPUS"]) / "kube-prometheus"


def test_kube_prometheus_comes_back_whole(lab_binaries: object, kube_prometheus: Path, tally: Counter[str]) -> None:
    ran = rebuild("drill", "--source", kube_prometheus, "--path", "manifests", "-o", "json")

    assert ran.code == 0, ran.stderr
    count(ran, tally)
    report = ran.json()
    assert len(report["objects"]) == 131
    assert report["counts"]["failed"] == 0
    assert report["differences"] == []
    custom = ("health-assumed", "health-not-provable")
    assert [limit["ref"] for limit in report["limits"] if limit["code"] not in custom] == [
        "apiregistration.k8s.io/v1/APIService/-/v1beta1.metrics.k8s.io"
    ]
    assert "nobody can rebuild this tomorrow" in report["findings"][0]["message"]


def test_without_two_definitions_exactly_their_custom_resources_fail(
    lab_binaries: object, kube_prometheus: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(kube_prometheus, copy)
    for name in LEFT_OUT:
        (copy / "manifests" / "setup" / name).unlink()

    ran = rebuild("drill", "--source", copy, "--path", "manifests", "-o", "json")

    assert ran.code == 1, ran.stderr
    objects = ran.json()["objects"]
    kinds = {ref: ref.split("/")[2] for ref in (one["ref"] for one in objects)}
    failed = {one["ref"] for one in objects if one["outcome"] == "failed"}
    assert failed == {ref for ref, kind in kinds.items() if kind in LEFT_OUT.values()}
    assert failed
    assert {one["outcome"] for one in objects if one["ref"] not in failed} == {"created"}


@pytest.mark.parametrize(
    "source",
    [
        "microservices-demo/kubernetes-manifests",
        "microservices-demo/kustomize/base",
        "kubeflow-manifests/common/cert-manager/base/upstream",
    ],
)
def test_other_published_environments_come_back(lab_binaries: object, source: str, tally: Counter[str]) -> None:
    ran = rebuild("drill", "--source", Path(os.environ["REBUILD_CORPUS"]) / source, "-o", "json")

    assert ran.code == 0, ran.stderr
    count(ran, tally)
    assert ran.json()["counts"]["failed"] == 0
    assert ran.json()["differences"] == []
