"""What a rule hides, and what it never hides."""

from __future__ import annotations

from datetime import date

import pytest

from rebuild.model.ignored import IgnoreRule
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.verify import controllers, judge, patterns, schema
from rebuild.verify.ignoring import Ignoring, Scope
from tests.verify import cases

WEB = Ref("apps", "Deployment", "shop", "web")
REPLICAS = ("spec", "replicas")
RULE = IgnoreRule("rules.yaml:4", "an operator scales it", "team-shop")


def hides(
    scope: Scope,
    *,
    ref: Ref = WEB,
    managers: tuple[str, ...] = ("keda",),
    rule: IgnoreRule = RULE,
    today: date = date.max,
) -> bool:
    return Ignoring(((rule, scope),), today).rule_for(ref, REPLICAS, managers) == rule


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(group="apps", kind="Deployment", namespace="shop", name="web"),
        Scope(group="*", kind="Deploy*", namespace="sh*p", name="w*"),
        Scope(only=frozenset({WEB})),
        Scope(fields=(patterns.parse("spec.replicas"),)),
        Scope(fields=(patterns.parse("status"), patterns.parse("/spec"))),
        Scope(managers=("keda",)),
        Scope(managers=("k*",), fields=(patterns.parse("spec.replicas"),)),
    ],
)
def test_a_rule_hides_what_it_means(scope: Scope) -> None:
    assert hides(scope)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(group=""),
        Scope(kind="StatefulSet"),
        Scope(namespace="other"),
        Scope(name="api*"),
        Scope(only=frozenset()),
        Scope(fields=()),
        Scope(fields=(patterns.parse("spec.template"),)),
        Scope(managers=("kubectl*",)),
        Scope(managers=("keda",), fields=(patterns.parse("spec.template"),)),
    ],
)
def test_a_rule_hides_nothing_else(scope: Scope) -> None:
    assert not hides(scope)


@pytest.mark.parametrize(("today", "applies"), [((2027, 3, 30), True), ((2027, 3, 31), True), ((2027, 4, 1), False)])
def test_a_rule_applies_up_to_its_last_day(today: tuple[int, int, int], applies: bool) -> None:
    rule = IgnoreRule("rules.yaml:4", "until the move", "team-shop", "2027-03-31")
    assert hides(Scope(), rule=rule, today=date(*today)) is applies


def judged(declared: Body, live: Body | None, status: Status, *, scope: Scope) -> judge.Verified:
    setting = controllers.Setting(schema.builtin(), "rebuild", ignoring=Ignoring(((RULE, scope),)))
    return judge.judge(cases.manifest(declared), live, status, setting=setting, key=cases.KEY)


def secret(value: str) -> Body:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, "data": {"a": value}}


def test_no_rule_hides_that_an_object_is_missing() -> None:
    found = judged(secret("eA=="), None, Status(Health.NOT_FOUND), scope=Scope())
    assert not found.present
    assert not found.equal
    assert found.ignored == ()


def test_no_rule_hides_that_an_object_is_not_healthy() -> None:
    found = judged(secret("eA=="), secret("eQ=="), Status(Health.IN_PROGRESS), scope=Scope())
    assert found.equal
    assert found.status.health is Health.IN_PROGRESS


def test_what_is_hidden_is_told_with_its_rule_and_without_the_values_of_a_secret() -> None:
    found = judged(secret("aHVudGVyMg=="), secret("c3dvcmRmaXNo"), Status(Health.CURRENT), scope=Scope())
    assert found.equal
    (ignored,) = found.ignored
    assert ignored.rule == RULE
    assert ignored.difference.path == "data.a"
    assert ignored.difference.declared.startswith('"hmac:')
    assert ignored.difference.live.startswith('"hmac:')


def test_each_rule_is_told_once_with_what_it_hid_and_whether_its_time_is_over() -> None:
    old = IgnoreRule("rules.yaml:9", "it was moved", "team-shop", "2026-01-01")
    ignoring = Ignoring(((RULE, Scope()), (RULE, Scope(managers=("keda",))), (old, Scope())), date(2026, 1, 2))
    uses = ignoring.uses([RULE, RULE])
    assert [(use.rule, use.expired, use.matched) for use in uses] == [(RULE, False, 2), (old, True, 0)]
