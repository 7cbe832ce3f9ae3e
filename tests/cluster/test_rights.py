"""Which rules allow what, as RBAC decides it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.cluster import rights
from rebuild.cluster.rights import Access

PATCH = Access("patch", "apps", "deployments", "shop", "web")
WHOLE = {"verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments"]}


def review(*rules: Any, incomplete: bool = False) -> dict[str, Any]:
    return {"status": {"resourceRules": list(rules), "incomplete": incomplete}}


@pytest.mark.parametrize(
    ("change", "covered"),
    [
        ({}, True),
        ({"verbs": ["get", "patch"]}, True),
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, True),
        ({"resourceNames": ["web"]}, True),
        ({"resourceNames": []}, True),
        ({"verbs": ["create"]}, False),
        ({"apiGroups": [""]}, False),
        ({"resources": ["deployments/status"]}, False),
        ({"resources": ["*/status"]}, False),
        ({"resourceNames": ["db"]}, False),
        ({"verbs": []}, False),
        ({"verbs": "patch"}, False),
    ],
)
def test_a_rule_covers_what_it_names(change: dict[str, Any], covered: bool) -> None:
    assert rights.of(review(WHOLE | change)).cover(PATCH) is covered


def test_rules_do_not_add_up_to_more_than_each_says() -> None:
    one, other = WHOLE | {"resources": ["pods"]}, WHOLE | {"apiGroups": [""]}
    assert not rights.of(review(one, other)).cover(PATCH)


def test_a_list_of_all_objects_is_not_covered_by_a_rule_for_one() -> None:
    rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": ["web"]}
    assert not rights.of(review(rule)).cover(Access("list", "apps", "deployments"))


def test_whether_all_rules_are_known_is_told() -> None:
    assert rights.of(review()).complete
    assert not rights.of(review(incomplete=True)).complete


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["status", "resourceRules", "verbs", "apiGroups"]) | st.text(), inner)
        ),
    )
)
def test_an_answer_without_sense_allows_nothing(answer: Any) -> None:
    assert not rights.of(answer).cover(PATCH)
