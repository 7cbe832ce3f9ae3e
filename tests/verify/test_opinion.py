"""What a dry run's answer says against the verdict."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.model.findings import Difference
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.verify import opinion
from rebuild.verify.judge import Verified

REF = Ref.of("v1", "ConfigMap", "shop", "one")
EQUAL = Verified(REF, True, Status(Health.CURRENT))
DIFFERENT = Verified(REF, True, Status(Health.CURRENT), (Difference(REF, "data.a", '"1"', '"2"'),))


def body(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "one"}, **fields}


@pytest.mark.parametrize(
    ("live", "answer", "changed"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, ["spec.a"]),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["spec.a[0]", "spec.a[1]"]),
        ({"a": [1]}, {"a": [1, 2]}, ["spec.a"]),
        ({"a": {}}, {}, ["spec.a"]),
        ({}, {"b": {"c": ""}}, ["spec.b"]),
    ],
)
def test_any_other_word_is_a_change(live: Any, answer: Any, changed: list[str]) -> None:
    assert opinion.changes(body(spec=live), body(spec=answer)) == changed


def test_the_servers_bookkeeping_is_no_change() -> None:
    live = {"metadata": {"name": "one", "resourceVersion": "1", "generation": 1}, "status": {"a": 1}}
    answer = {"metadata": {"name": "one", "resourceVersion": "2", "managedFields": []}}
    assert opinion.changes(live, answer) == []


def test_both_say_the_same() -> None:
    assert opinion.dissent(EQUAL, body(), body()) == ""
    assert opinion.dissent(DIFFERENT, body(data={"a": "2"}), body(data={"a": "1"})) == ""


def test_what_an_apply_would_change_is_named_up_to_a_number() -> None:
    said = opinion.dissent(EQUAL, body(), body(data={}, **{f"field{number}": 1 for number in range(7)}))
    assert said.startswith("verification finds it equal, and a server-side apply would change data, field0")
    assert said.endswith(" and 3 more")


def test_what_an_apply_would_not_change_is_told() -> None:
    said = opinion.dissent(DIFFERENT, body(), body())
    assert said.startswith("verification finds data.a different, and a server-side apply would change nothing")
