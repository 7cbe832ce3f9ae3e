"""Whatever JSON an answer holds, what reads it raises nothing but its own fault."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.cluster import discovery
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.watch import event_of
from rebuild.model.kinds import Kind

_WORDS = st.sampled_from(
    ["ERROR", "ADDED", "LOVE", "List", "Namespaced", "Stale", "v1", "list", "", "x" * 300],
)
_ENVELOPE = ["kind", "apiVersion", "metadata", "name", "items", "type", "object", "code"]
_DISCOVERY = ["versions", "version", "resources", "resource", "responseKind", "verbs", "freshness", "scope"]
_KEYS = st.sampled_from([*_ENVELOPE, *_DISCOVERY])
_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**60) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=300)
@given(_JSON)
def test_any_discovery_document_is_kinds_or_a_fault(items: Any) -> None:
    with suppress(ClusterFault):
        for kind in discovery.kinds({"kind": "APIGroupDiscoveryList", "items": items}, items):
            assert isinstance(kind, Kind)


@settings(max_examples=300)
@given(_JSON)
def test_any_line_of_a_watch_is_an_event_or_refused(line: Any) -> None:
    with suppress(ClusterFault, ValueError):
        event = event_of(orjson.dumps(line), what="WATCH")
        assert isinstance(event.body["metadata"], dict) or event.change == "BOOKMARK"


def test_an_error_without_a_code_is_a_fault_of_the_server() -> None:
    with pytest.raises(ClusterFault) as caught:
        event_of(b'{"type": "ERROR", "object": {"code": "many", "message": "too much"}}', what="WATCH")
    assert (caught.value.fault.status, caught.value.fault.message) == (500, "too much")
