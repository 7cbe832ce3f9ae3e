"""A rule of the user comes before ours, and what it cannot say of an object is not yet so."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.health import cel
from rebuild.health.compute import Rulebook
from rebuild.health.own import OwnRule
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from tests.health.test_compute import JSON


def rule(current: str, failed: str = "", message: str = "") -> OwnRule:
    return OwnRule(
        "rules.yaml:4",
        cel.compiled(current, wants="bool"),
        cel.compiled(failed, wants="bool") if failed else None,
        cel.compiled(message, wants="string") if message else None,
    )


def database(status: Any = None, **metadata: Any) -> Body:
    body = {"apiVersion": "example.com/v1", "kind": "Database", "metadata": {"name": "db", "generation": 2, **metadata}}
    return body if status is None else {**body, "status": status}


RUNS = rule("self.status.phase == 'Running'", "self.status.phase == 'Broken'", "'it is ' + self.status.phase")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running"}, Status(Health.CURRENT, "it is Running")),
        ({"phase": "Broken"}, Status(Health.FAILED, "it is Broken")),
        ({"phase": "Starting"}, Status(Health.IN_PROGRESS, "it is Starting")),
        (
            {"other": 1},
            Status(
                Health.IN_PROGRESS,
                "`current` of rules.yaml:4 does not hold: "
                '`failed` has no value yet: Key not found in map : "phase"; '
                '`current` has no value yet: Key not found in map : "phase"',
            ),
        ),
    ],
)
def test_the_expressions_decide(status: Any, expected: Status) -> None:
    assert RUNS(database(status)) == expected


def test_a_rule_without_a_message_names_itself() -> None:
    assert rule("has(self.metadata.name)")(database()).message == "`current` of rules.yaml:4 holds"


def test_an_optional_field_may_be_missing() -> None:
    ready = rule("self.?status.?ready.orValue(false)")
    assert ready(database()).health is Health.IN_PROGRESS
    assert ready(database({"ready": True})).health is Health.CURRENT


def test_a_value_that_is_no_answer_is_not_yet_current() -> None:
    assert rule("self.status")(database({"a": 1})) == Status(
        Health.IN_PROGRESS, "`current` of rules.yaml:4 does not hold: `current` gives no true or false"
    )


def test_the_user_comes_before_the_rule_of_the_kind_and_its_conditions() -> None:
    book = Rulebook(own={("", "Pod"): rule("true"), ("example.com", "Database"): RUNS})
    assert book.status({"apiVersion": "v1", "kind": "Pod"}).health is Health.CURRENT
    stalled = {"phase": "Running", "conditions": [{"type": "Stalled", "status": "True"}]}
    assert book.status(database(stalled)).health is Health.CURRENT
    assert book.has_readiness(Ref("example.com", "Database", "shop", "db"))


@pytest.mark.parametrize(
    ("body", "health"),
    [
        (database({"phase": "Running"}, deletionTimestamp="2026-11-23T02:13:11Z"), Health.TERMINATING),
        (database({"phase": "Running", "observedGeneration": 1}), Health.IN_PROGRESS),
    ],
)
def test_no_rule_overrules_a_deletion_or_a_status_of_another_generation(body: Body, health: Health) -> None:
    assert Rulebook(own={("example.com", "Database"): RUNS}).status(body).health is health


def test_the_cost_of_an_expression_is_bounded() -> None:
    greedy = rule("self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))")
    assert "Iteration budget exceeded" in greedy({"l": list(range(1000))}).message


def test_a_failure_shows_no_value_of_the_object() -> None:
    hidden = {"data": {"password": "hunter2", "big": 2**70}}
    told = rule("self.data[self.data.password] == 'x'")({"data": {"password": "hunter 2"}}).message
    assert "hunter" not in rule("self.data.password == 'x'")(hidden).message + told


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_json_object_gets_an_answer(body: Body) -> None:
    found = rule("self.status.phase == 'x' || self.a > 1", "self.spec.all(x, x)", "self.b")(body)
    assert found.message
    assert "\n" not in found.message


def test_without_the_package_an_expression_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    cel._environment.cache_clear()
    with pytest.raises(cel.NotInstalled):
        cel.compiled("true", wants="bool")
    cel._environment.cache_clear()
