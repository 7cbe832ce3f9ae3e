"""A file of rules is read strictly: every problem is named with its line, and nothing is guessed."""

from __future__ import annotations

import pytest

from rebuild.model.errors import UsageError
from rebuild.plan import rulesfile
from rebuild.plan.rulesfile import Content

HEAD = "apiVersion: rebuild.dev/v1alpha1\nkind: Rules\n"
IGNORE = HEAD + "ignore:\n- "
HEALTH = HEAD + "health:\n- "
WHOLE = "{kind: Deployment, paths: [spec.replicas], reason: it scales, owner: shop}"


def parse(text: str) -> Content:
    return rulesfile.parse(text.encode(), "rules.yaml")


def test_a_whole_file_is_read() -> None:
    found = parse(
        HEAD
        + """\
health:
- group: example.com
  kind: Database
  current: self.status.phase == "Running"
  failed: self.status.phase == "Broken"
  message: self.status.note
ignore:
- group: apps
  kind: Deployment
  namespace: shop
  name: api-*
  paths: [spec.replicas, /metadata/annotations/example.com~1stamp]
  managers: [keda-operator]
  reason: KEDA scales it
  owner: team-shop
  expires: 2027-03-31
"""
    )
    assert found.health.keys() == {("example.com", "Database")}
    ((rule, scope),) = found.ignore
    assert (rule.place, rule.reason, rule.owner, rule.expires) == (
        "rules.yaml:10",
        "KEDA scales it",
        "team-shop",
        "2027-03-31",
    )
    assert (scope.group, scope.kind, scope.namespace, scope.name) == ("apps", "Deployment", "shop", "api-*")
    assert scope.managers == ("keda-operator",)
    assert scope.fields is not None
    assert len(scope.fields) == 2


def test_a_group_that_is_not_named_is_any_and_an_empty_one_is_the_core() -> None:
    any_group, core = (parse(IGNORE + text).ignore[0][1].group for text in (WHOLE, WHOLE.replace("{", "{group: '', ")))
    assert (any_group, core) == ("*", "")


def test_a_file_without_rules_says_nothing() -> None:
    assert parse(HEAD) == Content()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "rules.yaml:1: 0 documents, where there has to be one"),
        (HEAD + "---\nkind: Rules\n", "rules.yaml:4: 2 documents, where there has to be one"),
        ("[]", "rules.yaml:1: the document has to be a mapping"),
        ("kind: [", "rules.yaml:1: not YAML"),
        ("kind: Playbook\n", "rules.yaml:1: a file of rules begins with apiVersion: rebuild.dev/v1alpha1"),
        (HEAD + "ignored: []\n", "rules.yaml:3: there is no 'ignored' here, only apiVersion, kind, health, ignore"),
        (HEAD + "ignore: text\n", "rules.yaml:3: ignore has to be a list"),
        (IGNORE + "text\n", "rules.yaml:4: a rule in ignore has to be a mapping"),
        (IGNORE + WHOLE.replace("reason: it scales, ", ""), "rules.yaml:4: a rule needs reason"),
        (IGNORE + WHOLE.replace("owner: shop", "owner: ' '"), "rules.yaml:4: a rule needs owner"),
        (IGNORE + WHOLE.replace("kind: Deployment, ", ""), "rules.yaml:4: a rule needs kind"),
        (IGNORE + WHOLE.replace("owner: shop", "owner: 7"), "rules.yaml:4: owner has to be a text"),
        (
            IGNORE + WHOLE.replace("paths: [spec.replicas], ", ""),
            "rules.yaml:4: a rule names `paths`, `managers` or both",
        ),
        (IGNORE + WHOLE.replace("[spec.replicas]", "[]"), "rules.yaml:4: paths has to be a list of texts"),
        (IGNORE + WHOLE.replace("spec.replicas", "spec..x"), "rules.yaml:4: 'spec..x' in paths: not a path from its"),
        (IGNORE + WHOLE.replace("}", ", expires: soon}"), "rules.yaml:4: expires is 'soon', which is no day"),
        (IGNORE + WHOLE.replace("}", ", until: x}"), "rules.yaml:4: there is no 'until' here"),
        (HEALTH + "{kind: Database}", "rules.yaml:4: a rule for health needs `current`"),
        (HEALTH + "{current: 'true'}", "rules.yaml:4: a rule needs kind"),
        (HEALTH + "kind: Database\n  current: self.x ==\n", "rules.yaml:5: current: Syntax error: mismatched input"),
        (HEALTH + "{kind: D, current: self.x ==}", "(column 10)"),
        (HEALTH + "kind: D\n  current: |\n    self.x\n      ==\n", "(line 3, column 1)"),
        (HEALTH + "{kind: D, current: spec.x}", "undeclared reference to 'spec.x' (column 5)"),
        (HEALTH + "{kind: D, current: \"'a'\"}", "rules.yaml:4: current: gives a string, and not a bool"),
        (HEALTH + "{kind: D, current: 'true', message: '1 + 1'}", "message: gives a int, and not a string"),
        (HEALTH + "{kind: D, current: '" + "(" * 3000 + "'}", "rules.yaml:4: current:"),
        (HEALTH + "{kind: D, current: '" + "1" * 5000 + "'}", "longer than 4096 characters"),
        (HEALTH + "{kind: Secret, current: 'true', message: self.data.x}", "a rule for Secrets cannot have a message"),
        (
            HEALTH + "{kind: D, current: 'true'}\n- {kind: D, current: 'true'}",
            "rules.yaml:5: there is a rule for the health",
        ),
    ],
)
def test_bad_input_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert problem in str(raised.value)
    assert raised.value.hint == "docs/rules.md lists what a file of rules may say"


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        parse(IGNORE + "{kind: A, paths: [x]}\n- {kind: B, managers: [x], owner: me, reason: x, extra: 1}\n")
    assert [line.partition(": ")[0] for line in str(raised.value).splitlines()] == ["rules.yaml:4"] * 2 + [
        "rules.yaml:5"
    ]
