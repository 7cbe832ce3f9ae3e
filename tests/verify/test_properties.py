"""What holds of comparison whatever the objects are."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.verify import compare, paths, schema
from tests.verify import cases

SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["1Gi", "1000m", "80", "aGk=", "web", "TCP"]),
)
NAMES = st.sampled_from(
    (
        *("metadata", "labels", "annotations", "data", "stringData", "spec", "template", "containers", "env"),
        *("name", "value", "ports", "port", "protocol", "containerPort", "resources", "limits", "cpu"),
        *("selector", "matchLabels", "podSelector", "ingress", "from", "rules", "webhooks", "a", "b"),
    )
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
BODIES = st.dictionaries(NAMES, JSON, max_size=5)
REFS = st.sampled_from(
    [
        Ref.of("v1", "Secret", "shop", "x"),
        Ref.of("v1", "Service", "shop", "x"),
        Ref.of("apps/v1", "Deployment", "shop", "x"),
        Ref.of("networking.k8s.io/v1", "NetworkPolicy", "shop", "x"),
        Ref.of("rbac.authorization.k8s.io/v1", "ClusterRole", "", "x"),
        Ref.of("example.com/v1", "Unknown", "shop", "x"),
    ]
)
REAL = st.sampled_from([cases.manifest(cases.read(f / "declared.yaml")) for f in cases.folders()])
TOKEN = "correct-horse-battery-staple"


def differences(ref: Ref, declared: Body, live: Body) -> list[Any]:
    found = compare.deviations(Manifest(ref, declared, Origin("x", 1)), live, schema.builtin())
    return [compare.described(ref, each, live, cases.KEY) for each in found]


@given(REFS, BODIES)
def test_an_object_does_not_differ_from_itself(ref: Ref, body: Body) -> None:
    assert differences(ref, body, copy.deepcopy(body)) == []


@given(REAL)
def test_a_declared_object_does_not_differ_from_itself(declared: Manifest) -> None:
    assert differences(declared.ref, declared.body, copy.deepcopy(declared.body)) == []


@given(REFS, BODIES, BODIES)
def test_any_two_objects_can_be_compared(ref: Ref, declared: Body, live: Body) -> None:
    for found in differences(ref, declared, live):
        assert found.declared != found.live or ref.kind == "Secret"


@given(REAL, st.data())
def test_a_field_that_others_add_is_no_difference(declared: Manifest, data: st.DataObject) -> None:
    """Except in selectors, and as an element of an atomic list, where an addition is a change."""
    live = copy.deepcopy(declared.body)
    structs = [struct for struct, is_selector in _structs(live, declared.ref, ()) if not is_selector]
    data.draw(st.sampled_from(structs))["addedByOthers"] = data.draw(JSON)
    assert differences(declared.ref, declared.body, live) == []


@given(REAL, st.data())
def test_a_changed_scalar_is_found(declared: Manifest, data: st.DataObject) -> None:
    live = copy.deepcopy(declared.body)
    parent, name = data.draw(st.sampled_from(list(_scalars(live))))
    # The version is how an object is read; what stringData overrides of data is not stored.
    assume(not (parent is live and name == "apiVersion"))
    assume(not (parent is live.get("data") and name in (live.get("stringData") or {})))
    parent[name] = "changed by somebody"
    assert differences(declared.ref, declared.body, live)


@given(BODIES, BODIES, st.sampled_from(["declared", "live", "both"]))
def test_no_difference_of_a_secret_shows_what_it_holds(declared: Body, live: Body, where: str) -> None:
    encoded = base64.b64encode(TOKEN.encode()).decode()
    for body in [declared, live] if where == "both" else [declared if where == "declared" else live]:
        body["data"] = {"a": encoded, "deep": {"er": [TOKEN]}}
        body["stringData"] = {"b": TOKEN}
        body["stringdata"] = TOKEN
        body["metadata"] = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": TOKEN}}
    found = differences(Ref.of("v1", "Secret", "shop", "x"), declared, live)
    assert TOKEN not in repr(found)
    assert encoded not in repr(found)


def _structs(value: Any, ref: Ref, path: tuple[Any, ...]) -> Iterator[tuple[Body, bool]]:
    """Every mapping in an object, and whether it is a selector in which an addition counts."""
    if isinstance(value, dict):
        yield value, schema.builtin().at(ref, path).exact
        for name, child in value.items():
            yield from _structs(child, ref, (*path, name))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from _structs(child, ref, (*path, paths.Index(position)))


def _scalars(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place that holds a scalar, as its container and its name or position there."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, child in list(items):
        if isinstance(child, (dict, list)):
            yield from _scalars(child)
        elif child is not None:
            yield value, name
