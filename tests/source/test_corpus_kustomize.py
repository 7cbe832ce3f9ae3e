"""Published kustomizations, unchanged, planned without a cluster."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.support import rebuild

CORPUS = Path(os.environ.get("REBUILD_CORPUS", "/nowhere"))
SHOP = "microservices-demo/kustomize"
pytestmark = [
    pytest.mark.live,
    pytest.mark.corpus,
    pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus"),
]


def below(folder: str) -> list[str]:
    return sorted(path.parent.relative_to(CORPUS).as_posix() for path in CORPUS.glob(f"{folder}/*/kustomization.yaml"))


@pytest.mark.parametrize("folder", [SHOP, f"{SHOP}/base", *below(f"{SHOP}/components"), *below(f"{SHOP}/tests")])
def test_the_shop_and_each_of_its_components_and_overlays_can_be_planned(lab_binaries: object, folder: str) -> None:
    """Istio's kinds are declared by nobody, so those objects cannot be sent."""
    ran = rebuild("plan", CORPUS / folder, "-o", "json")
    assert ran.code == ("istio" in folder), ran.stderr


def test_a_component_can_be_named_by_a_path(lab_binaries: object) -> None:
    ran = rebuild("plan", CORPUS / SHOP, "--path", "components/spanner", "-o", "json")
    assert ran.code == 0, ran.stderr


def test_there_are_fifteen_components_and_three_overlays() -> None:
    """So that the test above is not empty."""
    assert (len(below(f"{SHOP}/components")), len(below(f"{SHOP}/tests"))) == (15, 3)


@pytest.mark.parametrize(
    "folder", ["flux2-kustomize-helm-example/apps/production", "kubeflow-manifests/common/cert-manager/base"]
)
def test_other_published_kustomizations_can_be_planned(lab_binaries: object, folder: str) -> None:
    assert rebuild("plan", CORPUS / folder, "-o", "json").code in (0, 1)
