"""`--rules`: what the user does not want to hear of is not heard, and listed all the same."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from rebuild.providers.kwok.lab import Lab
from tests.e2e.support import rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(600, func_only=True)]

DECLARED = """\
apiVersion: v1
kind: Namespace
metadata: {name: HOME}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: HOME}
stringData: {password: CANARY}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: page, namespace: HOME}
data: {title: Shop, colour: red}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: HOME}
data:
  resource.customizations.ignoreDifferences.ConfigMap: |
    jsonPointers: [/data/colour]
"""
RULES = """\
apiVersion: rebuild.dev/v1alpha1
kind: Rules
ignore:
- kind: Secret
  managers: [rotator]
  reason: the password is rotated
  owner: team-db
- {kind: ConfigMap, name: page, paths: [data.title], reason: it was renamed, owner: team-shop, expires: 2020-02-29}
- {kind: ConfigMap, name: gone, paths: [data], reason: it is made elsewhere, owner: team-shop}
"""


@dataclass(frozen=True, slots=True)
class Home:
    """A namespace of the shared lab, and somebody who works there by hand."""

    lab: Lab
    name: str

    def kubectl(self, *arguments: str) -> None:
        command = (self.lab.binaries / "kubectl", "--kubeconfig", self.lab.kubeconfig, "-n", self.name)
        subprocess.run([*command, *arguments], check=True, capture_output=True)

    def patch(self, kind: str, name: str, manager: str, body: str) -> None:
        self.kubectl("patch", kind, name, "--field-manager", manager, "-p", body)


@pytest.fixture
def home(lab: Lab) -> Iterator[Home]:
    found = Home(lab, f"rules-{uuid4().hex[:8]}")
    yield found
    found.kubectl("delete", "namespace", found.name, "--wait=false")


def test_what_is_ignored_is_listed_and_nothing_else_is_hidden(home: Home, tmp_path: Path, canary: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "all.yaml").write_text(DECLARED.replace("CANARY", canary).replace("HOME", home.name))
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    target = ("--context", home.lab.context, "--kubeconfig", home.lab.kubeconfig)
    assert rebuild("apply", source, *target, "--yes").code == 0
    home.patch("secret", "db", "rotator", '{"stringData": {"password": "changed-to-something-else"}}')
    home.patch("configmap", "page", "by-hand", '{"data": {"title": "Store", "colour": "blue"}}')

    ran = rebuild("verify", source, *target, "--rules", rules, "-o", "json")

    assert ran.code == 1
    report = ran.json()
    assert [one["path"] for one in report["differences"]] == ["data.title"], "the rule for it has expired"
    assert {(one["path"], one["reason"], one["owner"]) for one in report["ignored"]} == {
        ("data.password", "the password is rotated", "team-db"),
        (
            "data.colour",
            f"Argo CD is told so by v1/ConfigMap/{home.name}/argocd-cm",
            f"Argo CD ConfigMap {home.name}/argocd-cm",
        ),
    }
    assert "changed-to-something-else" not in ran.stdout + ran.stderr
    codes = {one["code"]: one["message"] for one in report["findings"]}
    assert f"the rule {rules}:8 expired on 2020-02-29" in codes["ignore-rule-expired"]
    assert codes["ignore-rule-unused"] == f"the rule {rules}:9 matched nothing"

    without = rebuild("verify", source, *target, "--no-imported-rules", "-o", "json").json()
    assert sorted(one["path"] for one in without["differences"]) == ["data.colour", "data.password", "data.title"]
    assert without["ignoreRules"] == []

    home.kubectl("delete", "secret", "db")
    missing = rebuild("verify", source, *target, "--rules", rules)
    assert missing.code == 1
    assert f"v1/Secret/{home.name}/db" in missing.stdout
    assert "missing: not found" in missing.stdout


def test_a_rule_that_cannot_be_read_stops_before_anything_is_connected(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("apiVersion: rebuild.dev/v1alpha1\nkind: Rules\nhealth:\n- {kind: Pod, current: self.x ==}\n")
    ran = rebuild("verify", tmp_path, "--context", "nowhere", "--rules", rules)
    assert ran.code == 2
    assert f"{rules}:4: current: Syntax error" in ran.stderr
    assert "docs/rules.md" in ran.stderr
    assert "Traceback" not in ran.stderr
