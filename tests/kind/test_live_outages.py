"""Nodes and API servers that go away and come back while we rebuild, and between two rebuilds.

All of it on one cluster of these tests' own: a control plane and a worker, on which all Pods run.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rebuild.providers.kind import cluster
from rebuild.providers.kind.install import Kit
from rebuild.providers.kind.provider import KindOptions, prepared
from rebuild.providers.port import Target
from tests.e2e.support import ROOT, Running, journal, rebuild
from tests.kind import home as homes
from tests.kind.home import Home

pytestmark = [pytest.mark.kind, pytest.mark.timeout(600, func_only=True)]

TWO_NODES = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking: {apiServerAddress: 127.0.0.1}
nodes: [{role: control-plane}, {role: worker}]
"""
"""The control plane's taint keeps our Pods on the worker."""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: HOME}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: rebuild.dev/zoo/web:1
          envFrom: [{configMapRef: {name: NAME}}]
          readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 1}
"""
"""Its container waits for a ConfigMap of its name."""
AFTER_EARLY = "config.kubernetes.io/depends-on: apps/namespaces/HOME/Deployment/early"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: HOME}\ndata: {key: value}\n"
MANY = 2000
"""Several seconds' worth of writes."""


@dataclass(frozen=True, slots=True)
class Fragile:
    """The cluster, and what may happen to it."""

    target: Target
    control_plane: str
    worker: str

    def run(self, *command: str) -> None:
        """A command on the control plane's node."""
        docker("exec", self.control_plane, *command)

    def kill_api_server(self) -> None:
        """Its kubelet starts another."""
        self.run("pkill", "-KILL", "-x", "kube-apiserver")

    def restarts(self, namespace: str, pod: str) -> int:
        """How often the only container of a Pod was started again."""
        what = "jsonpath={.status.containerStatuses[0].restartCount}"
        kubectl = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", f"--namespace={namespace}")
        return int(docker("exec", self.control_plane, *kubectl, "get", "pod", pod, "-o", what))

    def restart_worker(self) -> None:
        """Shut it down in good order, and start it again."""
        docker("stop", "--time=5", self.worker)
        docker("start", self.worker)

    def cut_power(self) -> None:
        """All nodes die at once, and start again."""
        docker("kill", self.control_plane, self.worker)
        docker("start", self.control_plane, self.worker)

    def wait_for_restart(self, namespace: str) -> None:
        """Until the API server answers and the only container of each Pod is ready once more."""
        kubectl = f"kubectl --kubeconfig=/etc/kubernetes/admin.conf --namespace={namespace}"
        ready = f"until {kubectl} get --raw /readyz; do sleep 0.2; done"
        self.run("timeout", "90", "bash", "-c", ready)
        for what in ("jsonpath={.status.containerStatuses[0].restartCount}=1", "condition=Ready"):
            self.run(*kubectl.split(), "wait", f"--for={what}", "pod", "--all", "--timeout=90s")


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def fragile(kit: Kit, private_state: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    """A cluster of a control plane and a worker, with the zoo's images."""
    file = tmp_path_factory.mktemp("kind") / "two-nodes.yaml"
    file.write_text(TWO_NODES)
    options = KindOptions(file, preload=tuple(map(str, kit.archives)))
    provider = prepared(kit, options.read(), options)
    target = provider.create("fragile")
    control_plane, worker = sorted(cluster.status("fragile").containers)
    yield Fragile(target, control_plane, worker)
    provider.delete("fragile")


@pytest.fixture
def away(fragile: Fragile, tmp_path: Path) -> Iterator[Home]:
    """A namespace of the test's own there."""
    with homes.opened(fragile.target, tmp_path / "declared") as home:
        yield home


def declare(home: Home, text: str, *names: str) -> None:
    """The same for several names."""
    for name in names:
        home.declare(text.replace("NAME", name))


@dataclass(frozen=True, slots=True)
class Writes:
    """What the journal says of the writes of the only run in a state directory, by object."""

    intended: Counter[str]
    accepted: Counter[str]
    failed: Counter[str]
    causes: Counter[str]

    @classmethod
    def of(cls, state: Path) -> Writes:
        told: dict[str, list[dict[str, Any]]] = {"write-intended": [], "write-accepted": [], "write-failed": []}
        for record in journal(state):
            told.get(record["type"], []).append(record["data"])
        intended, accepted, failed = (Counter(str(one["ref"]) for one in each) for each in told.values())
        return cls(intended, accepted, failed, Counter(one["fault"]["cause"] for one in told["write-failed"]))

    def assert_none_without_cause(self) -> None:
        """Each object was accepted once, and was sent again only after a failure."""
        assert set(self.accepted.values()) == {1}
        assert self.intended == self.accepted + self.failed


def test_an_api_server_that_is_killed_in_mid_run_costs_some_tries_and_nothing_else(
    fragile: Fragile, away: Home, state: Path
) -> None:
    declare(away, WEB, "web")
    declare(away, CONFIG, "web", *(f"c{number}" for number in range(MANY)))

    running = Running(*away.flags)
    running.until("created    v1/ConfigMap")
    fragile.kill_api_server()
    ran = running.end(within=300)

    assert ran.code == 0, ran.stderr
    report = away.report()
    assert report["exit"]["reason"] == f"{MANY + 3} of {MANY + 3} objects verified"
    writes = Writes.of(state)
    writes.assert_none_without_cause()
    assert writes.causes["transport"] > 0


def test_a_worker_that_is_stopped_in_mid_run_and_comes_back_brings_its_pods_back(
    fragile: Fragile, away: Home, state: Path
) -> None:
    declare(away, WEB, "early")
    declare(away, CONFIG, "early")
    declare(away, WEB.replace("HOME}", f"HOME, annotations: {{{AFTER_EARLY}}}}}", 1), "late")

    running = Running(*away.flags)
    running.until(f"trouble    apps/v1/Deployment/{away.name}/late")
    fragile.restart_worker()
    away.create("configmaps", {"metadata": {"name": "late"}})
    ran = running.end(within=300)

    assert ran.code == 0, ran.stderr
    assert away.report()["exit"]["reason"] == "4 of 4 objects verified"
    Writes.of(state).assert_none_without_cause()


def test_after_an_outage_of_all_nodes_a_second_rebuild_finds_everything_as_it_was(
    fragile: Fragile, away: Home, state: Path
) -> None:
    names = ("one", "two")
    declare(away, WEB, *names)
    declare(away, CONFIG, *names)
    first = rebuild(*away.flags)
    assert first.code == 0, first.stderr

    fragile.cut_power()
    fragile.wait_for_restart(away.name)
    second = rebuild(*away.flags)

    assert second.code == 0, second.stderr
    assert {(one["outcome"], one["judgement"]) for one in away.report()["objects"].values()} == {
        ("unchanged", "verified")
    }


def test_the_zoo_comes_back_from_an_outage_of_all_nodes_in_mid_run(fragile: Fragile, state: Path) -> None:
    named = ("--context", fragile.target.context, "--kubeconfig", fragile.target.kubeconfig)

    running = Running("apply", ROOT, "--path", "examples/zoo", *named, "--yes")
    running.until("created    batch/v1/Job/zoo/ledger-schema")
    fragile.cut_power()
    ran = running.end(within=300)

    assert ran.code == 0, ran.stderr
    assert ran.last_line.startswith("PASS  27 of 27 objects verified")
    Writes.of(state).assert_none_without_cause()
    assert fragile.restarts("zoo", "ledger-0") >= 1, "it was ready before, and the Job needs it"
