"""Owners are read from FieldsV1 as the API server writes it."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.verify import managers, paths
from rebuild.verify.paths import Index, Keyed, Member

FIELDS = {
    "f:metadata": {"f:finalizers": {".": {}, 'v:"a"': {}}, "f:labels": {"f:a.b/c": {}}},
    "f:spec": {
        "f:replicas": {},
        "f:rules": {},
        "f:selector": {},
        "f:containers": {
            'k:{"name":"web"}': {
                ".": {},
                "f:image": {},
                "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:name": {}}},
            },
            "k:not json": {},
        },
    },
}


def live(*entries: tuple[str, str, Any]) -> dict[str, Any]:
    """An object with these entries of manager, subresource and fields."""
    rows = [
        {"manager": m, "subresource": s, "fieldsV1": f} if s else {"manager": m, "fieldsV1": f} for m, s, f in entries
    ]
    return {"metadata": {"managedFields": rows}}


@pytest.mark.parametrize(
    "path",
    [
        ("spec", "replicas"),
        ("spec", "containers", Keyed((("name", "web"),)), "image"),
        (
            "spec",
            "containers",
            Keyed((("name", "web"),)),
            "ports",
            Keyed((("containerPort", 80), ("protocol", "TCP"))),
            "name",
        ),
        ("metadata", "finalizers", Member("a")),
        ("metadata", "labels", "a.b/c"),
        ("spec", "rules", Index(0), "verbs"),
        ("spec", "selector", "matchLabels", "app"),
        ("spec",),
    ],
)
def test_the_owner_of_a_field_or_of_the_atomic_value_around_it(path: paths.Path) -> None:
    assert managers.manager_of(live(("helm", "", FIELDS)), path) == "helm"


@pytest.mark.parametrize(
    "path",
    [
        ("status",),
        ("spec", "containers", Keyed((("name", "other"),)), "image"),
        ("spec", "containers", Index(0)),
        ("metadata", "finalizers", Member("b")),
        ("metadata", "annotations", "a"),
    ],
)
def test_nobody_owns_what_no_entry_names(path: paths.Path) -> None:
    assert managers.manager_of(live(("helm", "", FIELDS)), path) == ""


def test_a_subresource_is_named_and_owners_are_listed_once() -> None:
    entries = (("hpa", "scale", FIELDS), ("helm", "", FIELDS), ("helm", "", FIELDS))
    assert managers.manager_of(live(*entries), ("spec", "replicas")) == "hpa (scale), helm"


@pytest.mark.parametrize("metadata", [None, {}, {"managedFields": None}, {"managedFields": [{"fieldsV1": []}, 1]}])
def test_an_object_without_usable_entries_has_no_owner(metadata: Any) -> None:
    assert managers.owners_of({"metadata": metadata}, ("spec",)) == ()
