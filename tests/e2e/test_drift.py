"""`rebuild drift` on a lab where a named user changed things by hand through kubectl, with the lab's audit log."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import git
import pytest
import yaml

from rebuild.providers.kwok import binaries
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok.lab import Lab
from tests.e2e.accounts import account, kubectl
from tests.e2e.support import Ran, our_requests, our_writes, rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(600, func_only=True)]
CAROL = "system:serviceaccount:kube-public:carol"
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
FIRST = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
data:
  colour: blue
---
apiVersion: v1
kind: ConfigMap
metadata: {name: doomed, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: vault, namespace: shop}
stringData:
  password: declared-canary
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels:
    tier: front
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx
"""
SECOND = FIRST.replace("replicas: 1", "replicas: 2")


@dataclass(frozen=True, slots=True)
class Scene:
    """A source of two authors on a lab, before and after what Carol did there."""

    lab: Lab
    source: Path
    folder: Path
    before: Ran
    after: Ran

    @property
    def target(self) -> tuple[object, ...]:
        return self.source, "--context", self.lab.context, "--kubeconfig", self.lab.kubeconfig

    def line(self, kind: str, ref: str, path: str = "") -> dict[str, Any]:
        """The only line of the answer about this place."""
        lines: list[dict[str, Any]] = self.after.json()["drift"]
        lines = [one for one in lines if (one["kind"], one["ref"], one["path"]) == (kind, ref, path)]
        assert len(lines) == 1, self.after.stdout
        return lines[0]


@pytest.fixture(scope="module")
def scene(
    lab_binaries: binaries.Binaries, private_state: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    lab = kwok.up("drift", lab_binaries)
    folder = tmp_path_factory.mktemp("drift")
    source = folder / "source"
    commit(source, FIRST, "Alice", "2026-01-02T03:04:05+02:00")
    commit(source, SECOND, "Bob", "2026-02-03T04:05:06+00:00")
    target = (source, "--context", lab.context, "--kubeconfig", lab.kubeconfig)
    assert rebuild("apply", *target).code == 0
    before = rebuild("drift", *target)
    by_hand(lab, account(lab, "carol", folder, EVERYTHING))
    after = rebuild("drift", *target, "--audit-log", lab.audit_log, "-o", "json", "--report", folder / "drift.json")
    yield Scene(lab, source, folder, before, after)
    kwok.down("drift")


def commit(root: Path, text: str, author: str, date: str) -> None:
    """Commit the manifest as somebody, at some time."""
    root.mkdir(exist_ok=True)
    (root / "all.yaml").write_text(text)
    who = {"NAME": author, "EMAIL": f"{author.lower()}@example.com", "DATE": date}
    identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    with git.Repo.init(root) as repo, repo.git.custom_environment(**identity):
        repo.git.add("--all")
        repo.git.commit("--quiet", "--message=test")


def by_hand(lab: Lab, carol: Path) -> None:
    """What somebody does at three in the morning."""
    steps = (
        ("scale", "deploy/web", "--replicas=5"),
        ("label", "deploy/web", "tier-"),
        ("annotate", "deploy/web", "why=because"),
        ("set", "env", "deploy/web", "DEBUG=1"),
        ("patch", "secret", "vault", "-p", '{"stringData": {"password": "changed-canary"}}'),
        ("patch", "secret", "vault", "-p", '{"stringData": {"second": "changed-canary"}}'),
        ("edit", "configmap", "settings"),
        ("delete", "configmap", "doomed"),
        ("create", "configmap", "stray"),
        ("create", "secret", "generic", "stray", "--from-literal=password=changed-canary"),
        ("patch", "serviceaccount", "default", "-p", '{"imagePullSecrets": [{"name": "stray"}]}'),
    )
    for step in steps:
        subprocess.run(
            [lab.binaries / "kubectl", "--kubeconfig", carol, "-n", "shop", *step],
            env={**os.environ, "KUBE_EDITOR": "sed -i s/blue/red/"},
            capture_output=True,
            check=True,
        )


def test_there_is_no_drift_right_after_a_rebuild(scene: Scene) -> None:
    assert scene.before.code == 0, scene.before.stdout
    assert scene.before.last_line == "PASS  no drift: 5 objects compared"


@pytest.mark.parametrize(
    ("ref", "path", "manager", "values", "author"),
    [
        ("apps/v1/Deployment/shop/web", "spec.replicas", "kubectl", ("2", "5"), "Bob <bob@example.com>"),
        ("v1/ConfigMap/shop/settings", "data.colour", "kubectl-edit", ('"blue"', '"red"'), "Alice <alice@example.com>"),
        ("v1/Secret/shop/vault", "data.password", "kubectl-patch", None, "Alice <alice@example.com>"),
    ],
)
def test_a_changed_field_names_who_changed_it_and_who_declared_it(
    scene: Scene, ref: str, path: str, manager: str, values: tuple[str, str] | None, author: str
) -> None:
    line = scene.line("changed", ref, path)

    [write] = line["writes"]
    assert (write["manager"], write["operation"], write["actor"]) == (manager, "Update", "person")
    assert line["users"] == [CAROL]
    assert line["usersAre"] == "of the matching writes"
    assert (line["declaredBy"]["author"], line["declaredBy"]["of"]) == (author, "field")
    assert len(line["declaredBy"]["commit"]) == 40
    declared = SECOND.splitlines()[line["declaredBy"]["line"] - 1]
    assert path.rpartition(".")[2] in declared
    if values:
        assert (line["declared"], line["live"]) == values
    else:
        assert line["declared"] != line["live"]
        assert line["declared"].startswith('"hmac:')


def test_the_time_is_that_of_the_managers_last_write(scene: Scene) -> None:
    changed = scene.line("changed", "v1/ConfigMap/shop/settings", "data.colour")
    assert changed["writes"][0]["lastWriteOfThisManager"].endswith("Z")
    assert changed["declaredBy"]["date"] == "2026-01-02T03:04:05+02:00"
    scaled = scene.line("changed", "apps/v1/Deployment/shop/web", "spec.replicas")
    assert scaled["writes"][0]["subresource"] == "scale"
    assert scaled["declaredBy"]["date"] == "2026-02-03T04:05:06+00:00"


def test_what_was_taken_away_has_no_owner_and_names_the_last_writer(scene: Scene) -> None:
    line = scene.line("changed", "apps/v1/Deployment/shop/web", "metadata.labels.tier")
    assert (line["declared"], line["live"], line["writes"]) == ('"front"', "(absent)", [])
    assert (line["users"], line["usersAre"]) == ([CAROL], "of the last write")
    assert line["declaredBy"]["author"].startswith("Alice")


@pytest.mark.parametrize(
    ("ref", "path", "manager"),
    [
        ("apps/v1/Deployment/shop/web", "metadata.annotations.why", "kubectl-annotate"),
        ("apps/v1/Deployment/shop/web", "spec.template.spec.containers[name=web].env[name=DEBUG]", "kubectl-set"),
        ("v1/Secret/shop/vault", "data.second", "kubectl-patch"),
    ],
)
def test_what_others_added_is_foreign(scene: Scene, ref: str, path: str, manager: str) -> None:
    line = scene.line("foreign", ref, path)
    assert line["declared"] == "(absent)"
    assert [write["manager"] for write in line["writes"]] == [manager]
    assert line["users"] == [CAROL]
    assert line["declaredBy"]["of"] == "object"
    assert line["origin"]["path"] == "all.yaml"


@pytest.mark.parametrize("ref", ["v1/ConfigMap/shop/stray", "v1/Secret/shop/stray", "v1/ServiceAccount/shop/default"])
def test_what_nobody_declares_is_unmanaged(scene: Scene, ref: str) -> None:
    line = scene.line("unmanaged", ref)
    assert line["users"] == [CAROL]
    assert line["declaredBy"] is None
    assert line["origin"] is None


def test_what_was_deleted_is_missing_and_names_who_did_it(scene: Scene) -> None:
    line = scene.line("missing", "v1/ConfigMap/shop/doomed")
    assert (line["users"], line["usersAre"]) == ([CAROL], "of the last write")
    assert line["declaredBy"]["author"].startswith("Alice")


def test_nothing_else_in_the_namespace_is_told(scene: Scene) -> None:
    report = scene.after.json()
    assert scene.after.code == 1
    assert sum("/shop/" in one["ref"] for one in report["drift"]) == 11
    assert {one["what"] for one in report["unchecked"]} == set()
    assert json.loads((scene.folder / "drift.json").read_bytes()) == report
    assert report["exit"]["code"] == 1
    assert "by kubectl" in report["exit"]["reason"]


def test_people_read_the_same_and_no_secret(scene: Scene) -> None:
    ran = rebuild("drift", *scene.target)
    assert ran.code == 1
    for words in ("Changed: ", "Foreign: ", "Unmanaged: ", "Missing: ", "kubectl-edit Update (person)", "Alice"):
        assert words in ran.stdout
    assert ran.last_line.startswith("FAIL  drift in ")
    assert "canary" not in ran.stdout + ran.stderr + scene.after.stdout
    assert yaml.safe_load(rebuild("drift", *scene.target, "-o", "yaml").stdout)["counts"]["missing"] == 1


def test_a_look_takes_one_list_a_kind_and_writes_nothing(scene: Scene) -> None:
    mark = scene.lab.audit_log.stat().st_size

    ran = rebuild("drift", *scene.target, "-o", "json")

    ours = our_requests(scene.lab.audit_log, mark)
    lists = [event["requestURI"].partition("?")[0] for event in ours if event["verb"] == "list"]
    others = {event["requestURI"] for event in ours if event["verb"] != "list"}
    assert ran.code == 1
    assert others == {"/api", "/apis", "/version", "/api/v1/namespaces/kube-system"}
    # Nodes are listed once more to tell what the target can do.
    assert len(lists) == len(set(lists)) + lists.count("/api/v1/nodes") - 1
    assert len(lists) < 80
    assert not our_writes(scene.lab.audit_log, since=mark)


def test_a_kind_that_may_not_be_listed_is_a_limit_of_the_answer(scene: Scene) -> None:
    reading = {"apiGroups": ["", "apps", "apiregistration.k8s.io"], "verbs": ["list"]}
    resources = ["namespaces", "configmaps", "deployments", "apiservices", "serviceaccounts", "pods", "services"]
    file = account(scene.lab, "reader", scene.folder, reading | {"resources": resources})

    ran = rebuild("drift", scene.source, "--context", scene.lab.context, "--kubeconfig", file, "-o", "json")

    report = ran.json()
    unchecked = {one["what"]: one for one in report["unchecked"]}
    assert unchecked["v1 Secret"]["declared"] is True
    assert unchecked["v1 Secret"]["why"].startswith("forbidden: ")
    assert unchecked["batch/v1 Job"]["declared"] is False
    assert "v1 ConfigMap" not in unchecked
    assert "limits)" in report["exit"]["reason"]
    assert not [one for one in report["drift"] if "/Secret/" in one["ref"]]


def test_a_rule_hides_a_field_and_is_told_with_its_reason(scene: Scene, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("""
apiVersion: rebuild.dev/v1alpha1
kind: Rules
ignore:
- {kind: ConfigMap, name: settings, paths: [data.colour], reason: the painter decides, owner: team-paint}
- {kind: Deployment, paths: [metadata.annotations.why], reason: asked for, owner: team-shop}
- {kind: ConfigMap, name: stray, paths: [data], reason: nothing, owner: nobody}
""")

    ran = rebuild("drift", *scene.target, "--rules", rules, "-o", "json")

    report = ran.json()
    assert ran.code == 1
    hidden = {(one["kind"], one["path"]): one["reason"] for one in report["ignored"]}
    assert hidden == {
        ("changed", "data.colour"): "the painter decides",
        ("foreign", "metadata.annotations.why"): "asked for",
    }
    assert [rule["matched"] for rule in report["ignoreRules"]] == [1, 1, 0]
    assert any("matched nothing" in note for note in report["notes"])
    assert "2 differences ignored" in report["exit"]["reason"]
    assert ("unmanaged", "v1/ConfigMap/shop/stray") in {(one["kind"], one["ref"]) for one in report["drift"]}


def test_an_api_that_is_down_is_a_limit_of_the_answer(scene: Scene) -> None:
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.dead.example.com"},
        "spec": {
            "group": "dead.example.com",
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": "shop"},
        },
    }
    kubectl(scene.lab, "create", "-f", "-", stdin=json.dumps(service))
    try:
        kubectl(scene.lab, "wait", "--for=condition=Available=False", "apiservice/v1.dead.example.com")
        ran = rebuild("drift", *scene.target, "-o", "json")
    finally:
        kubectl(scene.lab, "delete", "apiservice", "v1.dead.example.com")

    assert ran.code == 1, ran.stderr
    [dead] = ran.json()["unchecked"]
    assert dead["what"] == "all of dead.example.com/v1"
    assert "does not answer" in dead["why"]


def test_a_folder_without_commits_says_that_nobody_can_tell_who_declared_it(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(FIRST)
    ran = rebuild("drift", tmp_path, "--context", scene.lab.context, "--kubeconfig", scene.lab.kubeconfig, "-o", "json")
    report = ran.json()
    assert {one["declaredBy"] for one in report["drift"]} == {None}
    assert report["notes"] == ["the source is no commit, so nobody can tell who declared what"]


def test_an_audit_tells_what_could_not_be_rebuilt_the_worst_first(scene: Scene) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "orders", "namespace": "shop"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    kubectl(scene.lab, "create", "-f", "-", stdin=json.dumps(claim))
    mark = scene.lab.audit_log.stat().st_size

    ran = rebuild("audit", *scene.target, "-o", "json", "--report", scene.folder / "audit.json")

    assert ran.code == 0, ran.stderr
    report = ran.json()
    mine = [(gap["kind"], gap["ref"]) for gap in report["gaps"] if "/shop/" in gap["ref"]]
    assert mine == [
        ("data", "v1/PersistentVolumeClaim/shop/orders"),
        ("secret", "v1/Secret/shop/stray"),
        ("undeclared", "v1/ConfigMap/shop/stray"),
        ("undeclared", "v1/PersistentVolumeClaim/shop/orders"),
        ("undeclared", "v1/ServiceAccount/shop/default"),
        ("changed", "apps/v1/Deployment/shop/web"),
        ("changed", "v1/ConfigMap/shop/settings"),
        ("changed", "v1/Secret/shop/vault"),
        ("missing", "v1/ConfigMap/shop/doomed"),
    ]
    coverage = report["coverage"]
    with_gap = {gap["ref"] for gap in report["gaps"]}
    assert coverage["objects"] - coverage["withoutGap"] == len(with_gap)
    assert coverage["percent"] == int(1000 * coverage["withoutGap"] / coverage["objects"]) / 10
    assert json.loads((scene.folder / "audit.json").read_bytes()) == report
    assert "canary" not in ran.stdout + ran.stderr
    assert not our_writes(scene.lab.audit_log, since=mark)


def test_an_audit_can_be_made_to_fail_and_prints_its_formula(scene: Scene) -> None:
    ran = rebuild("audit", *scene.target, "--fail-under", "99")
    assert ran.code == 1
    assert "Coverage = objects without a gap / all objects" in ran.stdout
    assert ran.last_line.startswith("COVERAGE  ")
    assert "canary" not in ran.stdout + ran.stderr
