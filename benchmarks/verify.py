"""How long verification takes once everything is there: `uv run python -m benchmarks.verify`.

Makes a lab, writes 10,000 objects of ten kinds to it, and verifies them as `rebuild verify` does, several times. Writes
`results/verify.md`. Workloads have no replicas, since Pods of simulated nodes would measure the lab. CPU time is what
to compare; wall time is of a machine whose load average stands beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import orjson

from rebuild.cluster.client import FIELD_MANAGER, ApiServer
from rebuild.cluster.connect import connect
from rebuild.cluster.port import ClusterFault
from rebuild.engine.flow import START
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.objects import Body, Manifest
from rebuild.model.sources import SourceFile
from rebuild.ops import observe
from rebuild.plan import build
from rebuild.providers.kwok import build as programs
from rebuild.providers.kwok import cluster as kwok
from rebuild.system import memory, places
from rebuild.verify.judge import judge

OBJECTS = 10_000
ROUNDS = 5
ATTEMPTS = 100
PER_NAMESPACE = 200
RESULT = Path(__file__).parent / "results" / "verify.md"


@dataclass(frozen=True, slots=True)
class Measured:
    """One verification: wall and CPU seconds of reading and of judging."""

    read: tuple[float, float]
    judged: tuple[float, float]


def main() -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=OBJECTS)
    asked = parser.parse_args()
    memory.expect_many_objects()
    with tempfile.TemporaryDirectory(prefix="rebuild-bench-") as state:
        os.environ[places.STATE_VARIABLE] = state
        lab = kwok.up("verify", programs.install(), nodes=1)
        try:
            cluster = connect(context=lab.context, kubeconfig=lab.kubeconfig)
            blueprint = declared(asked.objects)
            write(cluster, blueprint)
            rounds = [verify(cluster, blueprint) for _ in range(ROUNDS)]
        finally:
            kwok.down("verify")
    text = document(len(blueprint), rounds)
    sys.stdout.write(text)
    if asked.objects == OBJECTS:
        RESULT.write_text(text, encoding="utf-8")


def declared(objects: int) -> Blueprint:
    """So many objects and their namespaces, as files would declare them."""
    bodies = list(_bodies(objects))
    text = orjson.dumps({"apiVersion": "v1", "kind": "List", "items": bodies})
    return read([SourceFile("all.json", text)], kinds=kinds.builtin())


def _bodies(objects: int) -> Iterator[Body]:
    for number in range(0, objects, PER_NAMESPACE):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _space(number)}}
    for number in range(objects):
        version, kind, rest = SHAPES[number % len(SHAPES)]
        metadata = {"name": f"{kind.lower()}-{number}", "namespace": _space(number), "labels": {"app": f"app-{number}"}}
        yield {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _space(number: int) -> str:
    return f"bench-{number // PER_NAMESPACE}"


_CONTAINER = {
    "name": "web",
    "image": "registry.example/web:1.2.3",
    "args": ["--listen", ":8080"],
    "ports": [{"name": "http", "containerPort": 8080}],
    "env": [{"name": f"KEY_{number}", "value": f"value-{number}"} for number in range(8)],
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}],
}
_TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "containers": [_CONTAINER],
        "serviceAccountName": "web",
        "volumes": [{"name": "config", "configMap": {"name": "web"}}],
    },
}
_SELECTOR = {"matchLabels": {"app": "web"}}
_WORKLOAD = {"replicas": 0, "selector": _SELECTOR, "template": _TEMPLATE}
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
_SUBJECT = {"kind": "ServiceAccount", "name": "web", "namespace": "default"}
_RULE = {"ports": [{"port": 8080}]}
SHAPES: tuple[tuple[str, str, Body], ...] = (
    ("v1", "ConfigMap", {"data": {f"key-{number}": "value " * 10 for number in range(5)}}),
    ("v1", "Secret", {"stringData": {"password": "correct-horse", "user": "shop"}}),
    ("v1", "ServiceAccount", {"automountServiceAccountToken": False}),
    ("v1", "Service", {"spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]}}),
    ("apps/v1", "Deployment", {"spec": _WORKLOAD}),
    ("apps/v1", "StatefulSet", {"spec": {**_WORKLOAD, "serviceName": "web"}}),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", {"roleRef": _ROLE, "subjects": [_SUBJECT]}),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": _SELECTOR, "ingress": [_RULE]}}),
    ("policy/v1", "PodDisruptionBudget", {"spec": {"maxUnavailable": 1, "selector": _SELECTOR}}),
    ("v1", "ConfigMap", {"data": {"file.yaml": "key: value\n" * 100}}),
)


def write(cluster: ApiServer, blueprint: Blueprint) -> None:
    """Apply everything, namespaces first."""

    def apply(manifest: Manifest) -> None:
        kind = blueprint.kinds.of(manifest.ref)
        assert kind
        for _ in range(ATTEMPTS):
            try:
                cluster.apply(manifest, kind)
            except ClusterFault:
                continue
            return
        raise RuntimeError(f"{manifest.ref} was refused {ATTEMPTS} times")

    spaces = [manifest for manifest in blueprint if manifest.ref.kind == "Namespace"]
    others = [manifest for manifest in blueprint if manifest.ref.kind != "Namespace"]
    with ThreadPoolExecutor(int(START)) as pool:
        for batch in (spaces, others):
            deque(pool.map(apply, batch), maxlen=0)


def verify(cluster: ApiServer, blueprint: Blueprint) -> Measured:
    """Read everything and judge it."""
    started = _now()
    snapshot = observe.snapshot(cluster, blueprint, blueprint.kinds)
    read_at = _now()
    setting = build.setting_for(blueprint, snapshot, manager=FIELD_MANAGER)
    rulebook = build.rulebook_for(blueprint, snapshot)
    verdicts = [
        judge(manifest, live, rulebook.status(live), setting=setting, key=b"benchmark")
        for manifest in blueprint
        if (live := snapshot.get(manifest.ref))
    ]
    ended = _now()
    assert len(verdicts) == len(blueprint), f"{len(verdicts)} of {len(blueprint)} are there"
    assert all(verdict.equal for verdict in verdicts)
    return Measured(_since(started, read_at), _since(read_at, ended))


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    return after[0] - before[0], after[1] - before[1]


def document(objects: int, rounds: list[Measured]) -> str:
    """The table: the median of all rounds."""
    rows = []
    for name, spent in (("read", [each.read for each in rounds]), ("judge", [each.judged for each in rounds])):
        wall, cpu = (statistics.median(times) for times in zip(*spent, strict=True))
        rows.append(f"| {name} | {cpu:.2f} | {wall:.2f} |")
    total = [(each.read[0] + each.judged[0], each.read[1] + each.judged[1]) for each in rounds]
    wall, cpu = (statistics.median(times) for times in zip(*total, strict=True))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return "\n".join(
        [
            "# Time of a verification",
            "",
            f"`uv run python -m benchmarks.verify` writes {objects:,} objects of ten kinds to a lab and verifies them",
            f"{len(rounds)} times. Seconds are medians; the server's own CPU time is not in them. Where the load",
            "average is above the number of cores, wall time says little.",
            "",
            f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine}, load average {os.getloadavg()[0]:.1f}.",
            "",
            "| part | CPU, s | wall, s |",
            "|---|---:|---:|",
            *rows,
            f"| **all** | {cpu:.2f} | {wall:.2f} |",
            "",
        ]
    )


if __name__ == "__main__":
    main()
