"""A blueprint is what was declared, in the order it was read."""

from __future__ import annotations

from rebuild.model.blueprint import Blueprint
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref

WEB = Ref("apps", "Deployment", "shop", "web")
HOME = Ref("", "Namespace", "", "shop")
CACHE = Ref("apps", "Deployment", "shop", "cache")
BLUEPRINT = Blueprint({ref: Manifest(ref, {}, Origin("a.yaml", 1)) for ref in (WEB, HOME, CACHE)}, Kinds([]))


def test_objects_come_in_the_order_they_were_read_in() -> None:
    assert [manifest.ref for manifest in BLUEPRINT] == [WEB, HOME, CACHE]
    assert len(BLUEPRINT) == 3


def test_objects_of_a_kind_are_found_by_group_and_kind() -> None:
    assert [manifest.ref for manifest in BLUEPRINT.of_kind("apps", "Deployment")] == [WEB, CACHE]
    assert not list(BLUEPRINT.of_kind("", "Deployment"))


def test_membership_is_by_identity_and_not_by_version() -> None:
    assert Ref("apps", "Deployment", "shop", "web", "v1beta1") in BLUEPRINT
    assert Ref("apps", "Deployment", "other", "web") not in BLUEPRINT
    assert "web" not in BLUEPRINT


def test_bodies_stay_out_of_its_repr() -> None:
    secret = Ref("", "Secret", "shop", "token")
    found = Blueprint({secret: Manifest(secret, {"stringData": {"pin": "1234"}}, Origin("a.yaml", 1))}, Kinds([]))
    assert "1234" not in repr(found)
