"""A ref names an object; the version it was written in is carried along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.refs import Ref

WORDS = st.from_regex(r"[a-z0-9]([-a-z0-9.:]{0,20}[a-z0-9])?", fullmatch=True)
REFS = st.builds(Ref, st.just("") | WORDS, WORDS, st.just("") | WORDS, WORDS, WORDS)
ODD = st.text(alphabet="/%-2FD5a", max_size=6)
"""A file may declare whatever it likes."""


@given(ref=REFS | st.builds(Ref, ODD, ODD, ODD, ODD, ODD))
def test_what_a_ref_says_can_be_read_back(ref: Ref) -> None:
    again = Ref.parse(str(ref))
    assert again == ref
    assert again.version == ref.version


@given(ref=REFS)
def test_a_ref_can_be_made_from_what_a_manifest_carries(ref: Ref) -> None:
    assert Ref.of(ref.api_version, ref.kind, ref.namespace, ref.name).api_version == ref.api_version


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (Ref("", "ConfigMap", "shop", "settings"), "v1/ConfigMap/shop/settings"),
        (Ref("", "Namespace", "", "shop"), "v1/Namespace/-/shop"),
        (Ref("apps", "Deployment", "shop", "web"), "apps/v1/Deployment/shop/web"),
        (Ref("a.example.com", "Widget", "", "one", "v1beta1"), "a.example.com/v1beta1/Widget/-/one"),
        (Ref("", "ConfigMap", "shop", "../a%"), "v1/ConfigMap/shop/..%2Fa%25"),
    ],
)
def test_a_ref_is_written_as_in_the_report(ref: Ref, text: str) -> None:
    assert str(ref) == text


@pytest.mark.parametrize("text", ["", "v1", "ConfigMap/shop/settings", "a/v1/Kind/shop/a/b"])
def test_other_forms_are_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(ValueError, match="apiVersion/Kind/namespace/name") as caught:
        Ref.parse(text)
    assert repr(text) in str(caught.value)


def test_the_version_is_not_identity() -> None:
    old, new = Ref("apps", "Deployment", "shop", "web", "v1beta2"), Ref("apps", "Deployment", "shop", "web", "v1")
    assert old == new
    assert hash(old) == hash(new)
    assert {old: 1}[new] == 1
    assert not old < new
    assert not new < old


@given(first=REFS, second=REFS)
def test_refs_are_ordered_by_what_they_are_equal_by(first: Ref, second: Ref) -> None:
    assert (first == second) == (not first < second and not second < first)


@given(ref=REFS, namespace=WORDS)
def test_moving_to_a_namespace_changes_nothing_else(ref: Ref, namespace: str) -> None:
    moved = ref.in_namespace(namespace)
    assert (moved.group_kind, moved.name, moved.version) == (ref.group_kind, ref.name, ref.version)
    assert moved.namespace == namespace
