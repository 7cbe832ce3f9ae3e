"""`rebuild resume`: killed at any line of its journal, a run reaches the same end, and nothing happens twice."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest

from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.ops import exclusive
from rebuild.providers.kwok.lab import Lab
from rebuild.system import places
from tests.e2e.support import our_writes, rebuild, rebuild_through
from tests.support.crash import Crasher

pytestmark = [pytest.mark.live, pytest.mark.timeout(600, func_only=True)]

SEED = 8
SAMPLES = 3
"""Boundaries beside those of which one is taken for each type of record, before it and behind it."""

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c%d, namespace: CASE}
data: {key: value}
"""
SOURCE = """
apiVersion: v1
kind: Namespace
metadata: {name: CASE}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.CASE.example.com}
spec:
  group: CASE.example.com
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: CASE.example.com/v1
kind: Widget
metadata: {name: blue, namespace: CASE}
spec: {colour: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: CASE}
stringData: {password: CANARY}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: CASE}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: CASE}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: CASE}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: nginx:1.27
          env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: password}}}]
---
""" + "---".join(CONFIG % number for number in range(22))


class Case:
    """A source of its own on the shared lab, the runs of a state directory of its own, and what came of them."""

    def __init__(self, lab: Lab, outside: Transport, crasher: Crasher, home: Path, canary: str) -> None:
        self.name = f"case-{uuid4().hex[:8]}"
        self._lab, self._outside, self._crasher = lab, outside, crasher
        self.source = home / self.name
        self.source.mkdir()
        self.text = SOURCE.replace("CASE", self.name).replace("CANARY", canary)
        (self.source / "all.yaml").write_text(self.text)
        self.state = home / f"{self.name}-state"
        self.mark = lab.audit_log.stat().st_size

    @property
    def target(self) -> tuple[object, ...]:
        return ("--context", self._lab.context, "--kubeconfig", self._lab.kubeconfig)

    def rebuild(self, *arguments: object, lines: int = -1, kind: str = "") -> Any:
        return self._crasher.rebuild(*arguments, lines=lines, kind=kind, REBUILD_STATE_DIR=str(self.state))

    def apply(self, *, lines: int = -1, kind: str = "") -> Any:
        return self.rebuild("apply", self.source, *self.target, "--yes", "-o", "json", lines=lines, kind=kind)

    def resume(self, *flags: object, lines: int = -1) -> Any:
        return self.rebuild("resume", self.run, *flags, "-o", "json", lines=lines)

    @property
    def run(self) -> str:
        return self.journal.parent.name

    @property
    def journal(self) -> Path:
        (path,) = self.state.glob("runs/*/journal.jsonl")
        return path

    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.journal.read_bytes().splitlines()]

    def writes(self) -> Counter[str]:
        """What reached the API server of this case's objects, by path."""
        written = our_writes(self._lab.audit_log, since=self.mark)
        return Counter({path: count for path, count in written.items() if self.name in path})

    def end(self) -> dict[str, Any]:
        """All objects, without what differs from run to run by nature."""
        found = {}
        for path in self.paths():
            item = self._outside.request("GET", path)[1]
            metadata = item["metadata"]
            found[path] = {
                "generation": metadata.get("generation"),
                "labels": metadata.get("labels"),
                "content": {name: value for name, value in item.items() if name not in ("metadata", "status")},
                # A second entry would be a second owner.
                "ours": sum(entry["manager"] == "rebuild" for entry in metadata.get("managedFields", ())),
            }
        alike: dict[str, Any] = orjson.loads(orjson.dumps(found).replace(self.name.encode(), b"CASE"))
        return alike

    def paths(self) -> list[str]:
        """Where its objects are in the API."""
        home = f"/api/v1/namespaces/{self.name}"
        return [
            home,
            self._crd,
            f"/apis/{self.name}.example.com/v1/namespaces/{self.name}/widgets/blue",
            f"/apis/apps/v1/namespaces/{self.name}/deployments/web",
            *(f"{home}/{one}" for one in ("secrets/s", "serviceaccounts/web", "services/web")),
            *(f"{home}/configmaps/c{number}" for number in range(22)),
        ]

    @property
    def _crd(self) -> str:
        return f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{self.name}.example.com"

    def clear(self) -> None:
        for path in (f"/api/v1/namespaces/{self.name}", self._crd):
            with suppress(ClusterFault):
                self._outside.request("DELETE", path)


MakeCase = Callable[[], Case]


@pytest.fixture(scope="module")
def crasher(lab: Lab) -> Iterator[Crasher]:
    with Crasher() as crasher:
        yield crasher


@pytest.fixture
def make_case(
    lab: Lab, outside: Transport, crasher: Crasher, tmp_path: Path, temporary: Path, canary: str
) -> Iterator[MakeCase]:
    """Cases that are cleared away after the test."""
    made: list[Case] = []

    def make() -> Case:
        made.append(Case(lab, outside, crasher, tmp_path, canary))
        return made[-1]

    yield make
    for case in made:
        case.clear()


def boundaries(records: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """How many lines a run has at least when it dies, and in place of which type: of each the first, and some more.

    No two runs have the same number of lines, so that none but the first two thirds are named by their number.
    """
    begun = next(n for n, record in enumerate(records) if record["data"].get("name") == "apply")
    kinds = sorted({record["type"] for record in records[begun + 1 :]})
    some = sorted(Random(SEED).sample(range(begun + 1, len(records) * 2 // 3), SAMPLES))
    return [*((begun + 1, kind) for kind in kinds), *((number, "") for number in some)]


@pytest.mark.fault("R1", "`kill -9` at any line of the journal: `resume` reaches the same end, nothing is done twice")
def test_a_run_that_is_killed_at_any_line_of_its_journal_reaches_the_same_end(make_case: MakeCase) -> None:
    undisturbed = make_case()
    ran = undisturbed.apply()
    assert ran.code == 0, ran.stderr
    expected, records = undisturbed.end(), undisturbed.records()
    assert len(expected) == 29

    for lines, kind in boundaries(records):
        case = make_case()
        why = f"killed from line {lines} of {len(records)} on, before {kind or 'any record'}, seed {SEED}"
        assert case.apply(lines=lines, kind=kind).code == -9, why
        before = case.records()
        ran = case.resume()

        assert ran.code == 0, f"{why}: {ran.stderr}"
        assert case.end() == expected, why
        assert_nothing_was_done_twice(case, before, why)
        report = ran.json()
        assert {one["ref"]: one["outcome"] for one in report["objects"] if one["outcome"] != "created"} == {}, why
        assert report["recovery"]["seconds"] > report["resumptions"][0]["gapSeconds"] > 0, why
        case.clear()


def assert_nothing_was_done_twice(case: Case, before: list[dict[str, Any]], why: str) -> None:
    """Only a write whose answer was not recorded before the crash may have been sent again."""
    accepted = {record["data"]["ref"] for record in before if record["type"] == "write-accepted"}
    after = case.records()[len(before) :]
    assert after[0]["type"] == "run-resumed", why
    again = {record["data"]["ref"] for record in after if record["type"] == "write-intended"}
    assert not accepted & again, why
    ends = Counter(record["data"]["ref"] for record in case.records() if record["type"] == "object-ended")
    assert set(ends.values()) == {1}, why
    for path, count in case.writes().items():
        assert count <= 2, f"{why}: {path}"


@pytest.mark.fault("R1", "`kill -9` again while the run is being resumed: the next `resume` reaches the same end")
def test_a_resumed_run_may_be_killed_as_well(make_case: MakeCase) -> None:
    case = make_case()
    case.apply(lines=20)
    for lines in (21, 40, 60):
        assert case.resume(lines=lines).code == -9
        assert len(case.records()) == lines
    ran = case.resume()
    assert ran.code == 0, ran.stderr
    report = ran.json()
    assert len(report["resumptions"]) == 4
    assert {one["outcome"] for one in report["objects"]} == {"created"}
    assert set(case.writes().values()) <= {1, 2, 3, 4}


def test_what_was_killed_with_half_a_line_goes_on(make_case: MakeCase) -> None:
    case = make_case()
    case.apply(lines=30)
    with case.journal.open("ab") as stream:
        stream.write(b'{"n":30,"prev":"')
    (listed,) = case.rebuild("runs", "-o", "json").json_list()
    assert (listed["state"], listed["problem"]) == ("resumable", None)
    ran = case.resume()
    assert ran.code == 0, ran.stderr
    (listed,) = case.rebuild("runs", "-o", "json").json_list()
    assert (listed["state"], listed["verdict"]) == ("complete", "PASS")


def test_a_damaged_journal_is_not_gone_on_with(make_case: MakeCase) -> None:
    case = make_case()
    case.apply(lines=30)
    damaged = case.journal.read_bytes().replace(b"write-intended", b"write-imagined", 1)
    case.journal.write_bytes(damaged)
    ran = case.resume()
    assert ran.code == 2
    assert f"{case.journal}:" in ran.stderr
    assert case.journal.read_bytes() == damaged


def test_a_folder_that_says_something_else_now_is_refused_with_the_next_step(make_case: MakeCase) -> None:
    case = make_case()
    case.apply(lines=30)
    recorded = case.journal.read_bytes()
    (case.source / "all.yaml").write_text(case.text.replace("replicas: 2", "replicas: 3"))

    ran = case.resume()

    assert ran.code == 3
    assert f"apps/v1/Deployment/{case.name}/web" in ran.stderr
    assert "[source-changed]" in ran.stderr
    assert "`rebuild apply` begins a new run" in ran.stderr
    assert case.journal.read_bytes() == recorded
    # What was on its way when the first run was killed may arrive at any time.
    assert case.writes().total() <= recorded.count(b'"type":"write-intended"')


def test_a_source_that_stands_elsewhere_now_is_read_there(make_case: MakeCase, tmp_path: Path) -> None:
    case = make_case()
    case.apply(lines=30)
    moved = Path(shutil.move(case.source, tmp_path / "moved"))
    assert case.resume().code == 2
    ran = case.resume("--source", moved)
    assert ran.code == 0, ran.stderr


def test_a_run_that_has_reached_its_end_is_not_gone_on_with(make_case: MakeCase) -> None:
    case = make_case()
    assert case.apply().code == 0
    assert not (case.journal.parent / "key").exists()
    ran = case.resume()
    assert ran.code == 3
    assert "it has reached its end [not-resumable]" in ran.stderr


@pytest.mark.fault("R11", "a full disk: nothing more is sent, exit 4, and `resume` goes on once there is room")
def test_a_run_whose_disk_was_full_goes_on_when_there_is_room(make_case: MakeCase) -> None:
    measured = make_case()
    measured.apply(lines=20)
    case = make_case()
    ran = limited_apply(case, f'ulimit -f {measured.journal.stat().st_size // 1024 + 1}; exec "$@"')
    assert ran.code == 4, ran.stderr
    assert "[journal-broken]" in ran.stderr
    sent = {r["data"]["ref"] for r in map(orjson.loads, whole_lines(case.journal)) if r["type"] == "write-intended"}
    assert case.writes().total() <= len(sent)
    assert 0 < case.writes().total() < 29

    again = case.resume()

    assert again.code == 0, again.stderr
    assert {one["outcome"] for one in again.json()["objects"]} == {"created"}


def limited_apply(case: Case, shell: str) -> Any:
    arguments = ("apply", case.source, *case.target, "--yes", "-o", "json")
    return rebuild_through(shell, *arguments, REBUILD_STATE_DIR=str(case.state))


def whole_lines(journal: Path) -> list[bytes]:
    return [line for line in journal.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


@pytest.mark.fault("R13", "a second `apply` on a cluster that a run writes to: exit 3, and it is told who that is")
def test_a_cluster_that_a_run_writes_to_is_refused(
    make_case: MakeCase, outside: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case()
    monkeypatch.setenv(places.STATE_VARIABLE, str(case.state))
    uid = outside.request("GET", "/api/v1/namespaces/kube-system")[1]["metadata"]["uid"]
    with exclusive.held(uid, run="r1", command="rebuild apply /elsewhere"):
        ran = case.apply()
    assert ran.code == 3
    assert f"the cluster {uid} is taken: the run r1 has been writing to it since" in ran.stderr
    assert f"`rebuild apply /elsewhere`, process {os.getpid()} of " in ran.stderr
    assert not case.writes()


def test_an_unknown_run_is_named_with_the_next_step(state: Path) -> None:
    ran = rebuild("resume", "no-such-run")
    assert (ran.code, ran.stdout) == (2, "")
    assert "there is no run 'no-such-run' [unknown-run]" in ran.stderr
    assert "`rebuild runs`" in ran.stderr
