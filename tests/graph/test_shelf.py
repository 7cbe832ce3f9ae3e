"""A shelf finds what a look at everything would find, in the same order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.graph.selectors import matches
from rebuild.graph.shelf import Shelf

KEYS, VALUES = st.sampled_from(["app", "tier", "zone"]), st.sampled_from(["a", "b", "c"])
LABELS = st.dictionaries(KEYS, VALUES)
NEEDS = st.fixed_dictionaries(
    {
        "key": KEYS,
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Unheard"]),
        "values": st.lists(st.one_of(VALUES, st.none()), max_size=3),
    }
)
SELECTORS = st.one_of(
    st.none(),
    st.just("text"),
    st.fixed_dictionaries({}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(NEEDS, max_size=3)}),
)


@settings(deadline=None)
@given(st.lists(LABELS, max_size=12), st.lists(SELECTORS, max_size=5))
def test_a_shelf_finds_what_a_look_at_everything_finds(labels: list[dict[str, str]], selectors: list[Any]) -> None:
    shelf = Shelf((each, place) for place, each in enumerate(labels))
    assert list(shelf) == list(range(len(labels)))
    for selector in selectors:
        assert shelf.matching(selector) == [place for place, each in enumerate(labels) if matches(each, selector)]
