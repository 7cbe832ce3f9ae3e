"""People name objects as for kubectl; nothing is guessed, and near misses are told."""

from __future__ import annotations

import pytest

from rebuild.model import kinds
from rebuild.model.refs import Ref
from rebuild.plan import naming

API = Ref.of("apps/v1", "Deployment", "shop", "api")
OTHER = Ref.of("apps/v1", "Deployment", "data", "api")
BUDGET = Ref.of("policy/v1", "PodDisruptionBudget", "shop", "api")
SHOP = Ref.of("v1", "Namespace", "", "shop")
WEB = Ref.of("cert-manager.io/v1", "Certificate", "shop", "web")
REFS = (API, OTHER, BUDGET, SHOP, WEB)
CRD = {"spec": {"group": "cert-manager.io", "names": {"kind": "Certificate", "shortNames": ["cert", 7]}}}


def find(text: str, namespace: str = "") -> Ref:
    shorts = naming.short_names([CRD, {"spec": None}])
    return naming.find(text, REFS, namespace=namespace, kinds=kinds.builtin(), shorts=shorts)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("deployment/api", API),
        ("Deployment/api", API),
        ("deployments/api", API),
        ("deploy/api", API),
        ("deployments.apps/api", API),
        ("deploy.apps/api", API),
        ("pdb/api", BUDGET),
        ("ns/shop", SHOP),
        ("web", WEB),
        ("cert/web", WEB),
        ("certificates.cert-manager.io/web", WEB),
        ("apps/v1/Deployment/shop/api", API),
        ("v1/Namespace/-/shop", SHOP),
    ],
)
def test_an_object_is_found_by_every_name_that_kubectl_takes(text: str, meant: Ref) -> None:
    namespace = "" if meant is SHOP else "shop"
    assert find(text, namespace) == meant


def test_the_whole_ref_needs_no_namespace() -> None:
    assert find("apps/v1/Deployment/data/api") == OTHER


def test_a_name_that_several_have_lists_them_all() -> None:
    with pytest.raises(naming.NameAmbiguous, match="names 2 objects") as caught:
        find("deploy/api")
    assert str(API) in str(caught.value)
    assert str(OTHER) in str(caught.value)
    with pytest.raises(naming.NameAmbiguous, match="in namespace 'shop'"):
        find("api", "shop")


@pytest.mark.parametrize(
    ("text", "near"), [("deploy/apu", API), ("certificate/wep", WEB), ("deploymnet/api", API), ("wbe", WEB)]
)
def test_a_typo_is_told_what_was_meant(text: str, near: Ref) -> None:
    with pytest.raises(naming.ObjectUnknown) as caught:
        find(text, "shop")
    assert str(near) in caught.value.hint


@pytest.mark.parametrize("text", ["", "/", "deploy/", "//", "apps/v1/Deployment/shop/", "x" * 10_000, "secret/api"])
def test_what_names_nothing_is_refused_with_a_next_step(text: str) -> None:
    with pytest.raises(naming.ObjectUnknown) as caught:
        find(text, "data")
    assert caught.value.hint


def test_the_kind_counts_and_not_only_the_name() -> None:
    with pytest.raises(naming.ObjectUnknown):
        find("svc/web")
