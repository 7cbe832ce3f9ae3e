"""The kind table: what is built in, what definitions add, and which paths follow from it."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.model import kinds
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.refs import Ref


def definition(**spec: Any) -> dict[str, Any]:
    whole = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [
            {"name": "v1alpha1", "served": False, "storage": False},
            {"name": "v1beta1", "served": True, "storage": False},
            {"name": "v1", "served": True, "storage": True},
        ],
    }
    return {"spec": whole | spec}


def test_a_definition_gives_the_kind_with_its_served_versions_the_stored_one_first() -> None:
    assert kinds.from_crd(definition()) == Kind("example.com", "Widget", "widgets", True, ("v1", "v1beta1"))


def test_scope_cluster_means_no_namespace() -> None:
    kind = kinds.from_crd(definition(scope="Cluster"))
    assert kind is not None
    assert not kind.namespaced


@pytest.mark.parametrize(
    "spec",
    [
        {"group": ""},
        {"names": None},
        {"names": {"kind": "Widget"}},
        {"names": {"plural": "widgets"}},
        {"versions": []},
        {"versions": "v1"},
        {"group": ["example.com"]},
        {"versions": [{"name": ["v1"], "served": True}]},
        {"versions": [{"name": "v1", "served": False, "storage": True}]},
        {"names": {"kind": {}, "plural": "widgets"}},
        {"names": {"kind": "Widget", "plural": 7}},
        {"versions": [{"name": 1, "served": True}]},
    ],
)
def test_an_incomplete_definition_defines_nothing(spec: dict[str, Any]) -> None:
    assert kinds.from_crd(definition(**spec)) is None


def test_something_that_is_no_definition_defines_nothing() -> None:
    assert kinds.from_crd({}) is None


@pytest.mark.parametrize(
    ("kind", "version", "namespace", "path"),
    [
        (Kind("", "Pod", "pods", True, ("v1",)), "v1", "", "/api/v1/pods"),
        (Kind("", "Pod", "pods", True, ("v1",)), "v1", "shop", "/api/v1/namespaces/shop/pods"),
        (Kind("", "Node", "nodes", False, ("v1",)), "v1", "shop", "/api/v1/nodes"),
        (
            Kind("apps", "Deployment", "deployments", True, ("v1",)),
            "v1",
            "shop",
            "/apis/apps/v1/namespaces/shop/deployments",
        ),
        (Kind("a.b", "C", "cs", False, ("v2", "v1")), "v1", "", "/apis/a.b/v1/cs"),
    ],
)
def test_paths_follow_from_the_kind(kind: Kind, version: str, namespace: str, path: str) -> None:
    assert kind.collection(version, namespace) == path
    ref = Ref(kind.group, kind.kind, namespace if kind.namespaced else "", "x", version)
    assert kind.item(ref) == f"{path}/x"


def test_the_builtin_table_knows_what_every_control_plane_serves() -> None:
    table = kinds.builtin()
    assert table.get("", "Namespace") == Kind("", "Namespace", "namespaces", False, ("v1",))
    deployment = table.of(Ref("apps", "Deployment", "shop", "web", "v1beta2"))
    assert deployment is not None
    assert deployment.namespaced
    assert table.get("apps", "Nonsense") is None
    assert all(kind.plural and kind.versions for kind in table)


def test_a_newer_description_wins_and_the_old_table_stays_as_it_was() -> None:
    old, new = Kind("a", "B", "bs", True, ("v1",)), Kind("a", "B", "bs", True, ("v2", "v1"))
    other = Kind("a", "C", "cs", True, ("v1",))
    table = Kinds([old])
    wider = table.extended([new, other])
    assert wider.get("a", "B") is new
    assert table.get("a", "B") is old
    assert list(table) == [old]
    assert set(wider) == {new, other}
