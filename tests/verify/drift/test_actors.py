"""Managers are sorted by their names."""

from __future__ import annotations

import pytest

from rebuild.model.drift import Actor
from rebuild.verify.drift import actors


@pytest.mark.parametrize(
    ("manager", "actor"),
    [
        ("kubectl-edit", Actor.PERSON),
        ("kubectl-client-side-apply", Actor.PERSON),
        ("kubectl-scale", Actor.PERSON),
        ("kubectl", Actor.PERSON),
        ("k9s", Actor.PERSON),
        ("Lens", Actor.PERSON),
        ("node-fetch", Actor.PERSON),
        ("Mozilla", Actor.PERSON),
        ("Headlamp", Actor.PERSON),
        ("dashboard-api", Actor.PERSON),
        ("helm", Actor.DEPLOYER),
        ("Terraform", Actor.DEPLOYER),
        ("argocd-controller", Actor.DEPLOYER),
        ("kustomize-controller", Actor.DEPLOYER),
        ("kube-controller-manager", Actor.CONTROLLER),
        ("cert-manager-cainjector-controller", Actor.CONTROLLER),
        ("postgres-operator", Actor.CONTROLLER),
        ("rebuild", Actor.REBUILD),
        ("jenkins", Actor.UNKNOWN),
        ("", Actor.UNKNOWN),
    ],
)
def test_a_name_tells_who_says_to_have_written(manager: str, actor: Actor) -> None:
    assert actors.of(manager, ours="rebuild") is actor
